// SPDX-License-Identifier: Apache-2.0
//
// Listening and accepting: a budget per turn, limits that refuse by closing at once, and a way on
// when the process is out of descriptors, without spinning on a backlog that cannot be taken.

import CEpoll
import Glibc

/// A listening socket. Listeners are few and never leave their place in the list.
struct Listener {
    var descriptor: Int32
    let tag: Int
    let address: ListenAddress
    var connectionsMax: Int
    var connections = 0

    /// Closes it; a socket file of our own goes with it.
    func close() {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        if case .unix(let path) = address { unlink(path) }
    }
}

private let acceptTurnMax = 64
private let acceptPauseNanoseconds: Int64 = 500_000_000

extension EventLoop {
    /// Starts to accept on every address that `address` stands for; all or none. `connectionsMax` is
    /// for all that have this tag, `self.connectionsMax` for all together.
    package func listen(
        on address: ListenAddress, _ scope: ListenScope = ListenScope(), tag: Int,
        backlog: Int = 4096, connectionsMax: Int = .max
    ) throws(SystemError) {
        let interest: Interest = acceptResumesAt == nil ? .input : []
        let descriptors = try address.open(backlog: Int32(clamping: backlog), scope)
        for (number, descriptor) in descriptors.enumerated() {
            do throws(SystemError) {
                try epoll.add(descriptor, interest, Source(.listener, listeners.count))
            } catch {
                for opened in listeners.suffix(number) { epoll.remove(opened.descriptor) }
                listeners.removeLast(number)
                descriptors.forEach { Glibc.close($0) }
                throw error
            }
            applyNoDelay(descriptor)
            listeners.append(
                Listener(
                    descriptor: descriptor, tag: tag, address: address,
                    connectionsMax: connectionsMax))
        }
    }

    /// Changes how many connections the listeners of this tag may have; more than that live on.
    package func setConnectionsMax(_ count: Int, tag: Int) {
        for index in listeners.indices where listeners[index].tag == tag {
            listeners[index].connectionsMax = count
        }
    }

    private func connections(tag: Int) -> Int {
        listeners.reduce(0) { $1.tag == tag ? $0 + $1.connections : $0 }
    }

    /// No new connections through listeners of this tag; those that exist live on.
    package func stopListening(tag: Int) {
        for index in listeners.indices where listeners[index].tag == tag {
            guard listeners[index].descriptor >= 0 else { continue }
            epoll.remove(listeners[index].descriptor)
            listeners[index].close()
            listeners[index].descriptor = -1
        }
    }

    /// The port of the first listener of this tag: what the kernel picked where 0 was asked for.
    package func boundPort(tag: Int) -> UInt16? {
        guard let listener = listeners.first(where: { $0.tag == tag && $0.descriptor >= 0 }) else {
            return nil
        }
        let port = SocketAddress(boundTo: listener.descriptor).port
        return port == 0 ? nil : port
    }

    func applyNoDelayToListeners() {
        for listener in listeners where listener.descriptor >= 0 {
            applyNoDelay(listener.descriptor)
        }
    }

    /// Accepted sockets take the option over from their listener: no call for each of them.
    func applyNoDelay(_ descriptor: Int32) {
        descriptor.setOption(Int32(IPPROTO_TCP), TCP_NODELAY, tcpNoDelay ? 1 : 0)
    }

    func accept(from index: Int) {
        var budget = TurnBudget()
        for _ in 0..<acceptTurnMax {
            if budget.isSpent(TurnBudget.event) { return }
            let listener = listeners[index]
            // The service may have stopped this listener in `opened`.
            guard listener.descriptor >= 0, acceptResumesAt == nil else { return }
            var address = SocketAddress()
            let socket = cepoll_accept(listener.descriptor, &address.storage, &address.length)
            if socket >= 0 {
                welcome(socket, address, index)
                continue
            }
            switch errno {
            case EAGAIN: return
            case EMFILE: refuseWithReserve(listener.descriptor)
            case EINTR, ECONNABORTED, EPERM, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET,
                EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH:
                continue  // The fault of that one connection, not of the listener.
            default:
                pauseAccepting(SystemError(operation: "accept", subject: "\(listener.address)"))
            }
        }
    }

    private func welcome(_ socket: Int32, _ address: SocketAddress, _ index: Int) {
        let listener = listeners[index]
        let isOver =
            statistics.connections >= connectionsMax
            || connections(tag: listener.tag) >= listener.connectionsMax
        if isOver {
            Glibc.close(socket)
            statistics.refusedOverLimit &+= 1
            return
        }
        guard let slot = adopt(socket, listener: index, connecting: false) else {
            statistics.refusedOutOfDescriptors &+= 1
            return pauseAccepting(
                SystemError(operation: "accept", subject: "\(listener.address)"))
        }
        listeners[index].connections += 1
        statistics.accepted &+= 1
        statistics.connections &+= 1
        service?.opened(slot, from: Peer(address), tag: listener.tag)
    }

    /// Out of descriptors: the reserve is given up for a moment, to take a connection and close it.
    /// The peer learns at once instead of waiting in a backlog that is never served.
    func refuseWithReserve(_ listener: Int32) {
        let error = SystemError(operation: "accept", errno: EMFILE)
        guard reserveDescriptor >= 0 else { return pauseAccepting(error) }
        Glibc.close(reserveDescriptor)
        let socket = Glibc.accept(listener, nil, nil)
        if socket >= 0 {
            Glibc.close(socket)
            statistics.refusedOutOfDescriptors &+= 1
        }
        reserveDescriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        report(error)
    }

    func pauseAccepting(_ error: SystemError) {
        guard acceptResumesAt == nil else { return }
        acceptResumesAt = nowNanoseconds + acceptPauseNanoseconds
        statistics.acceptPauses &+= 1
        for listener in listeners where listener.descriptor >= 0 {
            epoll.change(listener.descriptor, [])
        }
        report(error)
    }

    func resumeAccepting() {
        acceptResumesAt = nil
        if reserveDescriptor < 0 { reserveDescriptor = open("/dev/null", O_RDONLY | O_CLOEXEC) }
        for listener in listeners where listener.descriptor >= 0 {
            epoll.change(listener.descriptor, .input)
        }
    }
}
