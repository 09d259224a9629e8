// SPDX-License-Identifier: Apache-2.0
//
// A loop, a service that records what it hears, and peers on plain sockets, all on one thread: a
// test takes turns of the loop until what it waits for has happened.

import CEpoll
import Glibc
import Testing

@testable import Reactor

enum Heard: Equatable {
    case opened(Int, tag: Int)
    case closed(Int, CloseReason)
    case dialFailed(tag: Int, String)
    case deadline(Int)
    case signal(Signal)
    case woken(Int)
}

extension EventLoop {
    func turn() { turn(for: service!) }
}

/// Packets are four bytes of big-endian length and a body.
final class Recorder: Service {
    let loop: EventLoop
    var heard: [Heard] = []
    var peers: [Int: Peer] = [:]
    var packets: [[UInt8]] = []
    var output: [Int: [UInt8]] = [:]
    var echoes = false
    var turnsEnded = 0
    /// What happens instead of taking packets.
    /// Packets of so many bytes are taken with their memory, and `onWhole` says what becomes of it.
    var keptSize = Int.max
    var onWhole: ((UnsafeMutableRawBufferPointer, Int) -> WholePacket)?
    var onReceived: ((borrowing Span<UInt8>, Int) -> Int)?
    var onOpened: ((Int) -> Void)?
    var onClosed: ((Int) -> Void)?
    var onPacket: ((Int) -> Void)?
    var onDeadline: ((Int) -> Void)?
    var onGather: (() -> Void)?
    var onWrote: ((Int) -> Void)?
    var onTurnEnded: (() -> Void)?
    /// Pieces a gather gives; small pieces make many vectors.
    var pieceSize = Int.max
    var piecesMax = OutputVectors.capacity
    /// The guard of `drive`.
    static let guardKey = 999

    init(_ loop: EventLoop) {
        self.loop = loop
        loop.service = self
    }

    func opened(_ connection: Int, from peer: Peer, tag: Int) {
        heard.append(.opened(connection, tag: tag))
        peers[connection] = peer
        onOpened?(connection)
    }

    func received(_ bytes: Span<UInt8>, on connection: Int) -> Int {
        if let onReceived { return onReceived(bytes, connection) }
        var consumed = 0
        while bytes.count - consumed >= 4 {
            let length = (0..<4).reduce(0) { $0 << 8 | Int(bytes[consumed + $1]) }
            guard bytes.count - consumed - 4 >= length else { break }
            let body = bytes.extracting(consumed + 4..<consumed + 4 + length)
            packets.append(body.withUnsafeBufferPointer { Array($0) })
            if echoes { send(framed(packets.last!), on: connection) }
            consumed += 4 + length
            onPacket?(connection)
        }
        return consumed
    }

    func sizeToKeep(_ front: Span<UInt8>, on connection: Int) -> Int? {
        let size = 4 + (0..<4).reduce(0) { $0 << 8 | Int(front[$1]) }
        return size >= keptSize ? size : nil
    }

    func receivedWhole(
        _ packet: UnsafeMutableRawBufferPointer, on connection: Int
    ) -> WholePacket {
        let body = Array(packet[4...])
        // It may free the packet.
        let outcome = onWhole!(packet, connection)
        if outcome != .left { packets.append(body) }
        return outcome
    }

    func closed(_ connection: Int, _ reason: CloseReason) {
        heard.append(.closed(connection, reason))
        output[connection] = nil
        onClosed?(connection)
    }

    func dialFailed(tag: Int, _ error: SystemError) {
        heard.append(.dialFailed(tag: tag, "\(error)"))
    }

    func deadlineReached(_ key: Int) {
        guard key != Self.guardKey else { return }
        heard.append(.deadline(key))
        onDeadline?(key)
    }

    func signalled(_ signal: Signal) { heard.append(.signal(signal)) }
    func woken(_ tag: Int) { heard.append(.woken(tag)) }

    func turnEnded() {
        turnsEnded += 1
        onTurnEnded?()
    }

    func gather(_ connection: Int, into vectors: inout OutputVectors) {
        onGather?()
        output[connection]?.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty, vectors.count < piecesMax, !vectors.isFull {
                vectors.append(UnsafeRawBufferPointer(rebasing: rest.prefix(pieceSize)))
                rest = rest.dropFirst(pieceSize)
            }
        }
    }

    func wrote(_ count: Int, on connection: Int) {
        output[connection]?.removeFirst(count)
        onWrote?(connection)
    }

    func send(_ bytes: [UInt8], on connection: Int) {
        output[connection, default: []] += bytes
        loop.flush(connection)
    }

    /// Takes turns until something is so; gives up after ten seconds.
    func drive(
        _ what: Comment, until isSo: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let begin = ContinuousClock.now
        while !isSo() {
            guard begin.duration(to: .now) < .seconds(30) else {
                Issue.record("never happened: \(what)", sourceLocation: sourceLocation)
                return
            }
            loop.setDeadline(Self.guardKey, at: loop.now + .milliseconds(5))
            loop.turn()
        }
    }

    var closings: [Heard] {
        heard.filter { if case .closed = $0 { true } else { false } }
    }
}

/// The other end: a plain nonblocking socket.
final class Socket {
    let descriptor: Int32
    private(set) var received: [UInt8] = []
    private(set) var hasEnded = false
    private(set) var failure: Int32 = 0

    init(_ descriptor: Int32) {
        precondition(descriptor >= 0, "errno \(errno)")
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    convenience init(connectedTo port: UInt16, host: String = "127.0.0.1") throws {
        let address = try #require(
            try SocketAddress.resolve(host, port: port, numericOnly: true).first)
        let descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue), 0)
        try #require(address.connect(descriptor) == 0)
        self.init(descriptor)
    }

    deinit { Glibc.close(descriptor) }

    /// Writes what the kernel takes now; the answer is how much.
    @discardableResult
    func send(_ bytes: some Sequence<UInt8>) -> Int {
        let bytes = Array(bytes)
        return max(0, Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)))
    }

    /// Reads all that is there, up to a limit.
    func take(atMost limit: Int = .max) {
        var piece = [UInt8](repeating: 0, count: 65536)
        var rest = limit
        while rest > 0, !hasEnded, failure == 0 {
            let count = Glibc.read(descriptor, &piece, min(piece.count, rest))
            if count > 0 {
                received += piece[..<count]
                rest -= count
            } else if count == 0 {
                hasEnded = true
            } else {
                if errno != EAGAIN { failure = errno }
                return
            }
        }
    }

    func endWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Makes the coming close a reset.
    func resetOnClose() {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }
}

func framed(_ body: [UInt8]) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (24 - 8 * $0)) } + body
}

/// A loop that listens on a port of its own.
func listening() throws -> (Recorder, port: UInt16) {
    let loop = try EventLoop(handlesSignals: false)
    try loop.listen(on: .tcp(host: "127.0.0.1", port: 0), tag: 7)
    return (Recorder(loop), try #require(loop.boundPort(tag: 7)))
}

/// Connected: the recorder, the other end, and the connection's number.
func connected() throws -> (Recorder, Socket, Int) {
    let (recorder, port) = try listening()
    let socket = try Socket(connectedTo: port)
    recorder.drive("the connection opens", until: { !recorder.heard.isEmpty })
    #expect(recorder.heard == [.opened(0, tag: 7)])
    return (recorder, socket, 0)
}

/// A reproducible source of numbers.
struct Numbers: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
