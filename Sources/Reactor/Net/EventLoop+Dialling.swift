// SPDX-License-Identifier: Apache-2.0
//
// Connecting to others without ever waiting: each address of a name is tried after the other, and
// the service hears `opened` or, when none is left, `dialFailed`. Trying again is the service's.

import CEpoll
import Glibc

extension EventLoop {
    /// Connects. A host that begins with a slash is the path of a Unix socket. The outcome comes as
    /// `opened` or `dialFailed` with this tag, never from inside this call.
    package func dial(host: String, port: UInt16, tag: Int) {
        let subject = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        do throws(SystemError) {
            if host.hasPrefix("/") {
                guard let address = SocketAddress.unix(host) else {
                    throw SystemError(operation: "connect", subject: host, errno: ENAMETOOLONG)
                }
                attempt(Dial(tag: tag, subject: host, addresses: [address]), ECONNREFUSED)
            } else if let addresses = Self.knownAddresses(of: host, port) {
                attempt(Dial(tag: tag, subject: subject, addresses: addresses[...]), ECONNREFUSED)
            } else {
                try lookUp(host, port, tag)
            }
        } catch {
            dialFailures.append((tag, error))
        }
    }

    /// What needs no look-up: numbers, and this machine's own name for itself.
    private static func knownAddresses(of host: String, _ port: UInt16) -> [SocketAddress]? {
        let names = host == "localhost" ? ["127.0.0.1", "::1"] : [host]
        let addresses = names.flatMap { name in
            (try? SocketAddress.resolve(name, port: port, numericOnly: true)) ?? []
        }
        return addresses.isEmpty ? nil : addresses
    }

    private func lookUp(_ host: String, _ port: UInt16, _ tag: Int) throws(SystemError) {
        let resolution = try Resolution(host: host, port: port)
        let number = nextResolution
        nextResolution = (nextResolution + 1) & 0x0FFF_FFFF
        try epoll.add(resolution.wakeup.descriptor, Wakeup.interest, Source(.resolution, number))
        do throws(SystemError) {
            try resolution.start()
        } catch {
            epoll.remove(resolution.wakeup.descriptor)
            throw error
        }
        resolutions[number] = (resolution, tag)
    }

    func resolved(_ number: Int) {
        guard let (resolution, tag) = resolutions[number], let result = resolution.result else {
            return
        }
        resolutions[number] = nil
        // The thread may still hold its end for a moment, so closing alone would not remove it.
        epoll.remove(resolution.wakeup.descriptor)
        switch result {
        case .success(let addresses):
            let subject = "\(resolution.host):\(resolution.port)"
            attempt(Dial(tag: tag, subject: subject, addresses: addresses[...]), ECONNREFUSED)
        case .failure(let error):
            dialFailures.append((tag, error))
        }
    }

    /// Tries the next address, and the one after it where that fails at once.
    private func attempt(_ dial: Dial, _ lastError: Int32) {
        var dial = dial
        var lastError = lastError
        while let address = dial.addresses.popFirst() {
            let socket = cepoll_socket(address.family, Int32(SOCK_STREAM.rawValue))
            guard socket >= 0 else {
                lastError = errno
                continue
            }
            if address.family != AF_UNIX { applyNoDelay(socket) }
            let result = address.connect(socket)
            guard result == 0 || errno == EINPROGRESS else {
                lastError = errno
                Glibc.close(socket)
                continue
            }
            // Connected at once or not: the event that says so comes in the next turn.
            guard let slot = adopt(socket, listener: -1, connecting: true) else {
                lastError = errno
                continue
            }
            dials[slot] = dial
            streamDeadlines.set(slot, at: nowNanoseconds + dialTimeout.nanoseconds)
            return
        }
        let error = SystemError(operation: "connect", subject: dial.subject, errno: lastError)
        dialFailures.append((dial.tag, error))
    }

    /// The socket of a dial is ready: connected, or failed.
    func connected(_ slot: Int) {
        let error = pendingError(slot)
        guard error == 0 else { return dialAttemptFailed(slot, error) }
        guard let dial = dials.removeValue(forKey: slot) else {
            preconditionFailure("a socket connects without a dial")
        }
        var address = SocketAddress()
        address.withPointer { getpeername(streams[slot].descriptor, $0, &$1) }
        streamDeadlines.cancel(slot)
        streams[slot].state = .open
        streams[slot].flags = .inputArmed
        applyInterest(slot)
        statistics.dialled &+= 1
        statistics.connections &+= 1
        service?.opened(slot, from: Peer(address), tag: dial.tag)
    }

    func dialAttemptFailed(_ slot: Int, _ error: Int32) {
        guard let dial = dials.removeValue(forKey: slot) else { return }
        closeSocket(slot)
        release(slot)
        attempt(dial, error)
    }
}
