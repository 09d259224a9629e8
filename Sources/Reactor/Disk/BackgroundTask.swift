// SPDX-License-Identifier: Apache-2.0
// One piece of work beside the loop, with an outcome that the loop picks up: for what takes long
// and touches nothing that the loop owns.
import Glibc
import Synchronization

/// Runs `work` on a thread of its own; `takeOutcome` gives what it returned, once.
package final class BackgroundTask<Outcome: Sendable>: @unchecked Sendable {
    /// Belongs to the thread until `isDone` is published.
    private var outcome: Outcome?
    private let isDone = Atomic<Bool>(false)

    package init(_ work: @escaping @Sendable () -> Outcome) throws(SystemError) {
        try startThread { [self] in
            // The loop comes first. Nothing is wrong where the kernel will not have it.
            _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
            outcome = work()
            isDone.store(true, ordering: .releasing)
        }
    }

    package func takeOutcome() -> Outcome? {
        guard isDone.load(ordering: .acquiring) else { return nil }
        defer { outcome = nil }
        return outcome
    }
}
