// SPDX-License-Identifier: Apache-2.0
//
// The one seam between the loop and a program. A program conforms its engine in a few lines; the
// loop knows nothing of what the bytes mean. Called once per read, never once per packet.

/// What a program does with what the loop has seen.
///
/// Connections are small dense integers; one is given out again only after `closed` for it was
/// delivered. Every callback may call the loop back (`flush`, `close`, `finish`, `setDeadline`,
/// `pauseReading`, …): the loop holds no access to its own state across a callback.
///
/// One turn is: `opened`, `received`, `closed`, `dialFailed`, `signalled`, `woken` and
/// `deadlineReached` in any order, then `turnEnded` once, then `gather` and `wrote` for each
/// connection that wants to write. A `closed` that only a failed write brings comes after
/// `turnEnded`; the loop then starts the next turn at once, so that what it caused is not left lying.
package protocol Service: AnyObject {
    /// Accepted (`tag` of the listener) or dialled (`tag` of the dial).
    func opened(_ connection: Int, from peer: Peer, tag: Int)

    /// Bytes in place. The answer is the number consumed: whole packets. The rest comes again, in
    /// front of what arrives next. A service that wants to stop in the middle calls `pauseReading`
    /// and consumes less; in the turn after `resumeReading` the rest is delivered without waiting for
    /// the peer. One that only wants others to have their turn calls `yieldReading`.
    func received(_ bytes: Span<UInt8>, on connection: Int) -> Int

    /// How large the packet at the front is, if the service might keep its memory instead of a copy; nil
    /// if not. Asked where a packet that has not arrived whole is large.
    func sizeToKeep(_ front: Span<UInt8>, on connection: Int) -> Int?

    /// Such a packet, once it is whole, in memory of its own. Only a service that names sizes gets any.
    func receivedWhole(
        _ packet: UnsafeMutableRawBufferPointer, on connection: Int
    ) -> WholePacket

    /// Exactly once per `opened`, never from inside `close` or `finish`.
    func closed(_ connection: Int, _ reason: CloseReason)

    func dialFailed(tag: Int, _ error: SystemError)

    func deadlineReached(_ key: Int)

    func signalled(_ signal: Signal)

    /// A `Wakeup` with this tag was signalled, once or more often.
    func woken(_ tag: Int)

    /// Everything that this turn brought has been told; what is to be written comes next.
    func turnEnded()

    /// Appends what may be written now, all that there is room for, or nothing. The loop writes it, and
    /// asks again where the vectors were full. For what comes up meanwhile, call `flush`. The memory
    /// must stay as it is until `wrote` or the next callback.
    func gather(_ connection: Int, into vectors: inout OutputVectors)

    /// The first `count` of the gathered bytes are with the kernel.
    func wrote(_ count: Int, on connection: Int)
}

extension Service {
    package func sizeToKeep(_ front: Span<UInt8>, on connection: Int) -> Int? { nil }

    package func receivedWhole(
        _ packet: UnsafeMutableRawBufferPointer, on connection: Int
    ) -> WholePacket {
        preconditionFailure("a packet that nobody wants to keep")
    }
}

/// What became of a packet in memory of its own.
package enum WholePacket {
    /// It comes again.
    case left
    case consumed
    /// Consumed, and its memory is the service's, to be given to `free`; it may be gone already.
    case kept
}

/// Why a connection has ended.
package enum CloseReason: Equatable, Sendable {
    /// The peer ended its side.
    case peerClosed
    case failed(SystemError)
    /// By our own `close` or `finish`.
    case requested
}

/// The signals that a daemon is asked with.
package enum Signal: Equatable, Sendable {
    case terminate
    case interrupt
    case hangup
}
