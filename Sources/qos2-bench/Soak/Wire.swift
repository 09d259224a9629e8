// SPDX-License-Identifier: Apache-2.0
//
// The wire between companions and broker that a soak cuts: every connection is passed on as it is,
// until its fuse has burnt down; what was behind that byte is lost, in the middle of a packet or not.
import ClientCore
import Glibc
import Reactor

final class Wire {
    /// Whose wire it is; also the tag of its listener.
    enum Side: Int, CaseIterable {
        case publishers
        case subscriber
    }

    private struct Pair {
        let side: Side
        let near: Int
        /// -1 while it is dialled, and when it is gone.
        var far = -1
        var isNearOpen = true
        var toNear: [UInt8] = []
        var toFar: [UInt8] = []
        /// Bytes that are still passed on.
        var fuse: Int?
    }

    static let tagOfDials = Side.allCases.count
    /// Beyond it the sender waits.
    private static let heldMax = 1 << 20

    private let loop: EventLoop
    private let brokerPort: UInt16
    private var pairs: [Int: Pair] = [:]
    private var pairOf: [Int: Int] = [:]
    private var nextPair = 0
    /// Bytes from the broker, by side.
    private(set) var brought = [Int](repeating: 0, count: Side.allCases.count)
    private(set) var cuts = 0
    let watch = ProtocolWatch()

    init(_ loop: EventLoop, brokerPort: UInt16) throws(SystemError) {
        self.loop = loop
        self.brokerPort = brokerPort
        for side in Side.allCases {
            try loop.listen(on: .tcp(host: "127.0.0.1", port: freePort()), tag: side.rawValue)
        }
    }

    func port(of side: Side) -> UInt16 { loop.boundPort(tag: side.rawValue)! }

    /// Cuts one connection after so many more bytes; false where there is none.
    func cut(after bytes: Int, using random: inout SeededGenerator) -> Bool {
        let whole = pairs.keys.sorted().filter { pairs[$0]!.far >= 0 && pairs[$0]!.fuse == nil }
        guard let chosen = whole.randomElement(using: &random) else { return false }
        pairs[chosen]!.fuse = bytes
        cuts += 1
        return true
    }

    func opened(_ connection: Int, tag: Int) {
        if let side = Side(rawValue: tag) {
            let number = nextPair
            nextPair += 1
            pairs[number] = Pair(side: side, near: connection)
            pairOf[connection] = number
            loop.pauseReading(connection)
            loop.dial(host: "127.0.0.1", port: brokerPort, tag: Self.tagOfDials + number)
        } else if let pair = pairs[tag - Self.tagOfDials], pair.isNearOpen {
            pairOf[connection] = tag - Self.tagOfDials
            pairs[tag - Self.tagOfDials]!.far = connection
            loop.resumeReading(pair.near)
        } else {
            // Whoever wanted it has gone meanwhile.
            loop.close(connection)
        }
    }

    func dialFailed(tag: Int) {
        guard let pair = pairs[tag - Self.tagOfDials] else { return }
        if pair.isNearOpen { loop.close(pair.near) }
    }

    func received(_ bytes: Span<UInt8>, on connection: Int) -> Int {
        guard let number = pairOf[connection], let pair = pairs[number] else { return bytes.count }
        let isFromBroker = connection == pair.far
        let other = isFromBroker ? pair.near : pair.far
        let passed = min(bytes.count, pair.fuse ?? .max)
        if isFromBroker { brought[pair.side.rawValue] += passed }
        watch.passed(bytes.extracting(first: passed), on: number, isFromBroker: isFromBroker)
        let held = append(bytes.extracting(first: passed), to: number, isFromBroker)
        if let fuse = pair.fuse { pairs[number]!.fuse = fuse - passed }
        if pair.fuse == passed {
            loop.close(connection)
            loop.finish(other)
        } else {
            loop.flush(other)
            if held > Self.heldMax { loop.pauseReading(connection) }
        }
        return bytes.count
    }

    private func append(_ bytes: Span<UInt8>, to number: Int, _ isFromBroker: Bool) -> Int {
        bytes.withUnsafeBufferPointer {
            if isFromBroker {
                pairs[number]!.toNear += $0
            } else {
                pairs[number]!.toFar += $0
            }
        }
        return isFromBroker ? pairs[number]!.toNear.count : pairs[number]!.toFar.count
    }

    func closed(_ connection: Int) {
        guard let number = pairOf.removeValue(forKey: connection), let pair = pairs[number] else {
            return
        }
        if connection == pair.near {
            pairs[number]!.isNearOpen = false
        } else {
            pairs[number]!.far = -1
        }
        let left = pairs[number]!
        if left.isNearOpen { loop.finish(left.near) }
        if left.far >= 0 { loop.finish(left.far) }
        if !left.isNearOpen, left.far < 0 {
            pairs[number] = nil
            watch.closed(number)
        }
    }

    func gather(_ connection: Int, into vectors: inout OutputVectors) {
        guard let number = pairOf[connection], let pair = pairs[number] else { return }
        // The array stays in the pair, and so in its place, until `wrote`.
        let bytes = connection == pair.near ? pair.toNear : pair.toFar
        bytes.withUnsafeBytes { vectors.append($0) }
    }

    func wrote(_ count: Int, on connection: Int) {
        guard let number = pairOf[connection], let pair = pairs[number] else { return }
        if connection == pair.near {
            pairs[number]!.toNear.removeFirst(count)
            if pair.far >= 0 { loop.resumeReading(pair.far) }
        } else {
            pairs[number]!.toFar.removeFirst(count)
            if pair.isNearOpen { loop.resumeReading(pair.near) }
        }
    }
}

/// A port of loopback below those that the kernel gives to outgoing connections.
func freePort() throws(SystemError) -> UInt16 {
    for _ in 0..<200 {
        let port = UInt16.random(in: 20_000..<32_000)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError(operation: "socket") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        if result == 0 { return port }
    }
    throw SystemError(operation: "find a free port", errno: EADDRINUSE)
}
