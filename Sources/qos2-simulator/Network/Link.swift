// SPDX-License-Identifier: Apache-2.0
// One connection between a client and the broker: two pipes of bytes that are delayed, delivered
// partly, and cut at any byte. What is in it, and when it moves, is decided by the network.

enum End: Int {
    case client = 0
    case broker = 1

    var other: End { self == .client ? .broker : .client }
}

/// The bytes towards one end.
struct Pipe {
    /// Written by the other end, not yet here.
    var flying: [UInt8] = []
    /// Here, and not yet taken.
    var arrived: [UInt8] = []
    var isMoving = false
    /// Nothing comes after what is flying.
    var hasEnd = false
}

final class Link {
    let id: Int
    let client: Node
    /// Which process of the node an end belongs to; nil before it is open and after it has closed.
    var owners: [Int?] = [nil, nil]
    var pipes = [Pipe(), Pipe()]
    /// The broker has accepted it, and the client knows.
    var isReached = false
    var isAnswered = false
    /// Bytes that may fly in one direction; nil for any number.
    let roomMax: Int?
    /// By the end at which packets leave or arrive.
    var leaving = [PacketReader(), PacketReader()]
    var arriving = [PacketReader(), PacketReader()]

    init(id: Int, client: Node, roomMax: Int?) {
        self.id = id
        self.client = client
        self.roomMax = roomMax
        for at in 0...1 {
            leaving[at].version = client.version
            arriving[at].version = client.version
        }
    }

    func isOpen(at end: End) -> Bool { owners[end.rawValue] != nil }
}
