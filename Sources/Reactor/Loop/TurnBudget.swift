// SPDX-License-Identifier: Apache-2.0
//
// How long a turn may be at one of its works (taking, expiring, writing) before the others have
// theirs. What there was no time for is done in the turns that follow, in its order: whoever waits for
// a packet waits for a turn or two, and not for a million deadlines.

struct TurnBudget {
    /// Three of these, and what cannot be divided, are a turn's length.
    static let nanoseconds: Int64 = 1_000_000

    /// What an event counts for, besides the bytes that it brings.
    static let event = 16 * 1024
    static let write = 16 * 1024
    /// A deadline may mean anything.
    static let deadline = TurnBudget.look

    /// As many are told of at one time. The others are for the next, which follows at once.
    static let endings = 64

    /// The clock is looked at again after so much.
    private static let look = 64 * 1024

    /// Nil until the clock is looked at for the first time.
    private var end: Int64?
    private var sinceLook: Int

    init(from now: Int64) {
        end = now + Self.nanoseconds
        sinceLook = 0
    }

    /// Counts from when it is asked for the first time: where there is little to do, it never is.
    init() {
        sinceLook = Self.look
    }

    /// Whether the time is over, now that so much more was done.
    @inline(__always)
    mutating func isSpent(
        _ done: Int, clock: () -> Int64 = monotonicNanoseconds
    ) -> Bool {
        sinceLook += done
        return sinceLook >= Self.look && isOver(at: clock())
    }

    @inline(never)
    private mutating func isOver(at now: Int64) -> Bool {
        sinceLook = 0
        guard let end else {
            end = now + Self.nanoseconds
            return false
        }
        return now >= end
    }
}
