// SPDX-License-Identifier: Apache-2.0
//
// How long a turn may be at one of its works (taking, expiring, writing) before the others have
// theirs. What there was no time for is done in the turns that follow, in its order: whoever waits for
// a packet waits for a turn or two, and not for a million deadlines.

struct TurnBudget {
    /// Three of these, and what cannot be divided, are a turn's length.
    static let nanoseconds: Int64 = 2_500_000

    /// What an event counts for, besides the bytes that it brings.
    static let event = 16 * 1024
    static let write = 4 * 1024
    /// A deadline may mean anything.
    static let deadline = TurnBudget.look

    /// The clock is looked at again after so much.
    private static let look = 64 * 1024

    private let end: Int64
    private var sinceLook = 0

    init(from now: Int64) {
        end = now + Self.nanoseconds
    }

    /// Whether the time is over, now that so much more was done.
    mutating func isSpent(
        _ done: Int, clock: () -> Int64 = monotonicNanoseconds
    ) -> Bool {
        sinceLook += done
        guard sinceLook >= Self.look else { return false }
        sinceLook = 0
        return clock() >= end
    }
}
