// SPDX-License-Identifier: Apache-2.0
//
// A home for the journal that keeps every batch, and makes it durable at once or when it is told to.
import Journal

final class LoggedHome: Journal.Home {
    /// Every batch so far, durable or not, oldest first.
    private(set) var batches: [[UInt8]] = []
    /// Batches from now on wait to be committed.
    var isLate = false
    private(set) var waiting: UInt64?

    /// Those that a crash leaves.
    var durableCount: Int { batches.count - (waiting == nil ? 0 : 1) }

    func commit(_ batch: Span<UInt8>, number: UInt64) -> Bool {
        precondition(waiting == nil, "two batches in flight")
        batches.append(batch.indices.map { batch[$0] })
        if isLate { waiting = number }
        return !isLate
    }

    /// What was on its way to the disk never arrives.
    func loseWaiting() {
        guard waiting != nil else { return }
        waiting = nil
        batches.removeLast()
    }

    /// The batch in flight, which is durable from here on.
    func take() -> UInt64? {
        defer { waiting = nil }
        return waiting
    }
}
