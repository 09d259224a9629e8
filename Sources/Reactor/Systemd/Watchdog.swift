// SPDX-License-Identifier: Apache-2.0
//
// The service manager's watchdog: it restarts a program that does not report in time. The loop
// reports from its own turns, so a stuck loop is a stuck program; a program can withhold it.

import CSystemd
import Glibc

/// Give it to `EventLoop.watchdog`.
package final class Watchdog {
    /// What the service manager allows between two reports.
    package let interval: Duration
    /// When the next report is due, in nanoseconds of CLOCK_MONOTONIC.
    private(set) var due: Int64
    private let step: Int64
    private let isHealthy: () -> Bool
    private let report: () -> Void

    /// nil where the service manager does not watch this process. `isHealthy` is asked at each
    /// report: while it says no (a disk sync that hangs, …) the manager's clock runs on.
    package convenience init?(while isHealthy: @escaping () -> Bool) {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0, microseconds > 0 else { return nil }
        self.init(
            interval: .microseconds(Int64(clamping: microseconds)), while: isHealthy,
            report: { sd_notify(0, "WATCHDOG=1") })
    }

    init(interval: Duration, while isHealthy: @escaping () -> Bool, report: @escaping () -> Void) {
        self.interval = interval
        step = max(1_000_000, interval.nanoseconds / 3)
        due = monotonicNanoseconds()
        self.isHealthy = isHealthy
        self.report = report
    }

    func feed(at now: Int64) {
        guard now >= due else { return }
        due = now + step
        if isHealthy() { report() }
    }
}
