// SPDX-License-Identifier: Apache-2.0
//
// What the loop keeps of one connection: a few words in a slab, and a tail only while a packet is
// unfinished. An idle connection holds no buffer.

/// One socket's state in the loop.
///
///     connecting ─► open ──finish()──► finishing ──all written──► lingering
///         │          │                     │                          │
///         └──────────┴─────────────────────┴───────────► ended ◄──────┘
///
/// `ended` means: the socket is closed, `closed` is still to be delivered; then the slot is free.
struct Stream: BitwiseCopyable {
    enum State: UInt8 {
        case free = 0
        case connecting
        case open
        /// Writes what the service still gives; input is discarded.
        case finishing
        /// Our side is shut; input is discarded until the peer's end, so that a close does not
        /// answer it with a reset, which would destroy our last bytes on their way.
        case lingering
        case ended
    }

    struct Flags: OptionSet, BitwiseCopyable {
        let rawValue: UInt8

        /// In the flush list of this turn.
        static let flushWanted = Flags(rawValue: 1)
        /// The service wants no bytes now.
        static let paused = Flags(rawValue: 2)
        /// The kernel is asked for input; off only where a paused stream had some.
        static let inputArmed = Flags(rawValue: 4)
        /// The kernel is asked for room to write.
        static let outputArmed = Flags(rawValue: 8)
        /// The socket took no more; wait for room.
        static let writeBlocked = Flags(rawValue: 16)
        /// In the list of streams whose tail is to be delivered again.
        static let redeliveryWanted = Flags(rawValue: 32)
        /// It closes as soon as all is written.
        static let peerIsDone = Flags(rawValue: 64)
        /// The service wants no bytes in this turn.
        static let yielded = Flags(rawValue: 128)

        /// Nothing is read meanwhile.
        static let unread: Flags = [.paused, .yielded]
    }

    var descriptor: Int32
    /// Index of the listener that accepted it; -1 where we dialled.
    var listener: Int16
    var state: State
    var flags: Flags
    var tail: Tail
    /// Input thrown away while finishing and lingering.
    var discarded: UInt32

    var mayWrite: Bool { state == .open || state == .finishing }

    var interest: Interest {
        var interest: Interest = .once
        if flags.contains(.inputArmed) { interest.formUnion([.input, .peerEnd]) }
        if flags.contains(.outputArmed) { interest.insert(.output) }
        return interest
    }
}
