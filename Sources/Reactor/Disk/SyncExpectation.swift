// SPDX-License-Identifier: Apache-2.0
// What the next sync may take, as those of late tell. Long ones are forgotten slowly: a disk that has
// stalled once is not trusted again before it has been quick many times.

struct SyncExpectation {
    /// Below this, handing a sync over costs as much as the sync. In nanoseconds.
    static let short: Int64 = 500_000

    /// Nil before the first.
    private(set) var nanoseconds: Int64?

    var isShort: Bool { nanoseconds.map { $0 < Self.short } ?? false }

    mutating func add(_ duration: Int64) {
        nanoseconds = max(duration, nanoseconds.map { $0 - $0 / 8 } ?? 0)
    }
}
