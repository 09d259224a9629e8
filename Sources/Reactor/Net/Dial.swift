// SPDX-License-Identifier: Apache-2.0
//
// Dialling as data: the addresses still to be tried, and a name being looked up by a thread of its
// own, because getaddrinfo blocks.

import Glibc
import Synchronization

struct Dial {
    let tag: Int
    let subject: String
    /// Still to be tried; the first is next.
    var addresses: ArraySlice<SocketAddress>
}

/// One look-up. `outcome` belongs to the thread until it sets `isDone` and wakes the loop, and to
/// the loop from then on.
final class Resolution: @unchecked Sendable {
    let host: String
    let port: UInt16
    let wakeup: Wakeup
    private let isDone = Atomic(false)
    private var outcome: Result<[SocketAddress], SystemError> = .success([])

    init(host: String, port: UInt16) throws(SystemError) {
        self.host = host
        self.port = port
        wakeup = try Wakeup()
    }

    /// Looks up on a thread that ends with it.
    func start() throws(SystemError) {
        try startThread { [self] in lookUp() }
    }

    private func lookUp() {
        do throws(SystemError) {
            outcome = .success(
                try SocketAddress.resolve(host, port: port, numericOnly: false))
        } catch {
            outcome = .failure(error)
        }
        isDone.store(true, ordering: .releasing)
        wakeup.signal()
    }

    /// What the thread found; nil while it is at it.
    var result: Result<[SocketAddress], SystemError>? {
        isDone.load(ordering: .acquiring) ? outcome : nil
    }
}
