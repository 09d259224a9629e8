// SPDX-License-Identifier: Apache-2.0
//
// The kernel's clocks as nanoseconds, and the way between them and the standard `Duration` that
// crosses the seam. Inside the loop time is one Int64.

import Glibc

/// Nanoseconds of CLOCK_MONOTONIC.
func monotonicNanoseconds() -> Int64 { nanoseconds(of: CLOCK_MONOTONIC) }

/// Nanoseconds since 1970.
func wallClockNanoseconds() -> Int64 { nanoseconds(of: CLOCK_REALTIME) }

private func nanoseconds(of clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

extension Duration {
    /// Whole nanoseconds. What does not fit (292 years) is as good as never.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, tooMuch) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || tooMuch ? (seconds < 0 ? .min : .max) : sum
    }
}
