// SPDX-License-Identifier: Apache-2.0
//
// Signals as readable events. They are blocked and read through a signalfd: a handler that sets a
// flag would lose the signal that arrives between the test of the flag and epoll_wait.

import CEpoll
import Glibc

struct Signals: ~Copyable {
    let descriptor: OwnedDescriptor

    /// Blocks SIGTERM, SIGINT and SIGHUP in this thread and in all threads that it starts; make the
    /// loop before any thread. SIGPIPE is ignored: a write to a gone peer is an error, not an end.
    /// Where they are not wanted, the three keep their effect and nothing is ever read.
    init(isWanted: Bool) throws(SystemError) {
        cepoll_ignore_signal(SIGPIPE)
        var set = sigset_t()
        sigemptyset(&set)
        if isWanted { for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) } }
        let result = pthread_sigmask(SIG_BLOCK, &set, nil)
        guard result == 0 else { throw SystemError(operation: "pthread_sigmask", errno: result) }
        descriptor = try OwnedDescriptor(cepoll_signalfd(&set), "signalfd")
    }

    func next() -> Signal? {
        switch cepoll_signalfd_next(descriptor.raw) {
        case SIGTERM: .terminate
        case SIGINT: .interrupt
        case SIGHUP: .hangup
        default: nil
        }
    }
}
