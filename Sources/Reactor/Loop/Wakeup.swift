// SPDX-License-Identifier: Apache-2.0
//
// How another thread tells the loop that something is done. It carries no data: what was done lies
// where both sides agreed that it changes owner.

import CEpoll
import Glibc

/// A handle that any thread may signal. The loop answers with `woken(tag)` in its next turn; several
/// signals before that are one. Nobody takes them: the loop is told of each once, and the counter has
/// room for 2⁶⁴.
package final class Wakeup: Sendable {
    static let interest: Interest = [.input, .once]

    let descriptor: Int32

    init() throws(SystemError) {
        descriptor = try OwnedDescriptor(cepoll_eventfd(), "eventfd").release()
    }

    deinit { Glibc.close(descriptor) }

    package func signal() {
        var one: UInt64 = 1
        _ = Glibc.write(descriptor, &one, 8)
    }
}
