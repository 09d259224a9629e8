// SPDX-License-Identifier: Apache-2.0
//
// What a broker has left to be done beside its loop, a checkpoint, is no message's cost.
import Glibc
import Reactor

/// Of CPU, in half a second.
private let idleNanoseconds: Int64 = 10_000_000

/// Returns once the process has next to nothing to do; `patience` is in seconds.
func waitUntilIdle(_ pid: pid_t, patience: Int) throws(LoadFailure) {
    for _ in 0..<patience * 2 {
        let before = ProcessUse(of: pid)?.cpuNanoseconds ?? 0
        usleep(500_000)
        let used = (ProcessUse(of: pid)?.cpuNanoseconds ?? 0) - before
        if used < idleNanoseconds { return }
    }
    throw .unexpected("broker", "at work for \(patience) seconds with nothing to do")
}
