// SPDX-License-Identifier: Apache-2.0
//
// The loop's timer. For a wait that has an end of its own the kernel sets a timer and takes it back,
// each time; this one is set once and stays, through the many waits that end before it.

import CEpoll
import Glibc

struct Alarm: ~Copyable {
    /// A wait that is to be shorter has an end of its own: that one is mostly reached.
    static let leastWait: Int64 = 2_000_000

    let descriptor: OwnedDescriptor
    /// When it rings, in nanoseconds of CLOCK_MONOTONIC; the end of time where it is not set.
    private(set) var due = Int64.max

    init() throws(SystemError) {
        descriptor = try OwnedDescriptor(cepoll_timer(), "timerfd_create")
    }

    /// Has it ring at `time`, unless it rings before: that costs a turn in which nothing is due.
    mutating func ring(by time: Int64) {
        guard time < due else { return }
        let result = cepoll_timer_set(descriptor.raw, time)
        precondition(result == 0, "timerfd_settime: errno \(errno)")
        due = time
    }

    /// It has rung, and is not set any more.
    mutating func rang() {
        var count: UInt64 = 0
        _ = Glibc.read(descriptor.raw, &count, 8)
        due = .max
    }
}
