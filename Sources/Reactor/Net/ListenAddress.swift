// SPDX-License-Identifier: Apache-2.0
//
// Where a program listens, and making the listening sockets for it. Accepting is the loop's.

import CEpoll
import Glibc

/// What narrows the addresses that a name stands for.
package struct ListenScope: Equatable, Sendable {
    package enum Family: String, Sendable {
        case ipv4
        case ipv6
    }

    package var family: Family?
    /// Only what comes in through this one; it takes the place of an address.
    package var interface: String?

    package init(family: Family? = nil, interface: String? = nil) {
        self.family = family
        self.interface = interface
    }

    fileprivate func holds(_ address: SocketAddress) -> Bool {
        switch family {
        case .ipv4: address.family == AF_INET
        case .ipv6: address.family == AF_INET6
        case nil: true
        }
    }
}

package enum ListenAddress: Equatable, Sendable, CustomStringConvertible {
    /// A name, an IPv4 or IPv6 address; empty means every address of the machine.
    case tcp(host: String, port: UInt16)
    case unix(String)
    /// A listening socket that the service manager passed; the loop takes it over.
    case passed(Int32)

    package var description: String {
        switch self {
        case .tcp(let host, let port):
            host.contains(":") ? "[\(host)]:\(port)" : "\(host.isEmpty ? "*" : host):\(port)"
        case .unix(let path): path
        case .passed(let descriptor): "passed descriptor \(descriptor)"
        }
    }

    /// Bound and listening sockets, one for each address that the name stands for.
    func open(backlog: Int32, _ scope: ListenScope = ListenScope()) throws(SystemError) -> [Int32] {
        switch self {
        case .tcp(let host, let port): try openTCP(host, port, backlog, scope)
        case .unix(let path): [try openUnix(path, backlog)]
        case .passed(let descriptor): [try adopt(descriptor)]
        }
    }

    private func openTCP(
        _ host: String, _ port: UInt16, _ backlog: Int32, _ scope: ListenScope
    ) throws(SystemError) -> [Int32] {
        let name = host == "*" || scope.interface != nil ? "" : host
        let addresses = try SocketAddress.resolve(
            name, port: port, numericOnly: false, passive: true
        ).filter(scope.holds)
        guard !addresses.isEmpty else {
            throw SystemError(operation: "bind", subject: description, errno: EAFNOSUPPORT)
        }
        var opened: [Int32] = []
        var firstError: SystemError?
        var chosenPort = port
        for var address in addresses {
            // With port 0 the kernel picks one; the other addresses of the name get the same.
            address.port = chosenPort
            do throws(SystemError) {
                let socket = try bindTCP(address, backlog, scope.interface)
                chosenPort = SocketAddress(boundTo: socket).port
                opened.append(socket)
            } catch {
                // A machine without IPv6 still has names that stand for an IPv6 address.
                guard error.errno != EAFNOSUPPORT, error.errno != EADDRNOTAVAIL else {
                    firstError = firstError ?? error
                    continue
                }
                opened.forEach { Glibc.close($0) }
                throw error
            }
        }
        if opened.isEmpty, let firstError { throw firstError }
        return opened
    }

    private func bindTCP(
        _ address: SocketAddress, _ backlog: Int32, _ interface: String?
    ) throws(SystemError) -> Int32 {
        let subject = Peer(address).description
        let type = Int32(SOCK_STREAM.rawValue)
        let socket = try OwnedDescriptor(
            cepoll_socket(address.family, type), "socket", subject)
        socket.raw.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
        // Bind before the address is configured: no need to wait for the network at boot.
        socket.raw.setOption(Int32(IPPROTO_IP), IP_FREEBIND, 1)
        if address.family == AF_INET6 {
            socket.raw.setOption(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1)
        }
        if let interface, !socket.raw.bind(toInterface: interface) {
            throw SystemError(operation: "bind", subject: "interface \(interface)")
        }
        guard address.bind(socket.raw) == 0 else {
            throw SystemError(operation: "bind", subject: subject)
        }
        guard Glibc.listen(socket.raw, backlog) == 0 else {
            throw SystemError(operation: "listen", subject: subject)
        }
        return socket.release()
    }

    private func openUnix(_ path: String, _ backlog: Int32) throws(SystemError) -> Int32 {
        guard let address = SocketAddress.unix(path) else {
            throw SystemError(operation: "bind", subject: path, errno: ENAMETOOLONG)
        }
        let type = Int32(SOCK_STREAM.rawValue)
        let socket = try OwnedDescriptor(cepoll_socket(AF_UNIX, type), "socket", path)
        if address.bind(socket.raw) != 0 {
            guard errno == EADDRINUSE, Self.isAbandoned(path, address) else {
                throw SystemError(operation: "bind", subject: path)
            }
            unlink(path)
            guard address.bind(socket.raw) == 0 else {
                throw SystemError(operation: "bind", subject: path)
            }
        }
        guard Glibc.listen(socket.raw, backlog) == 0 else {
            throw SystemError(operation: "listen", subject: path)
        }
        return socket.release()
    }

    /// A socket file on which nobody listens any more, as a crash leaves it. Leaves `errno` alone.
    private static func isAbandoned(_ path: String, _ address: SocketAddress) -> Bool {
        let saved = errno
        defer { errno = saved }
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return false }
        let type = Int32(SOCK_STREAM.rawValue)
        guard let probe = try? OwnedDescriptor(cepoll_socket(AF_UNIX, type), "socket") else {
            return false
        }
        return address.connect(probe.raw) != 0 && errno == ECONNREFUSED
    }

    private func adopt(_ descriptor: Int32) throws(SystemError) -> Int32 {
        var listening: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        let result = getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size)
        guard result == 0, listening != 0 else {
            throw SystemError(
                operation: "listen", subject: description, errno: result == 0 ? EINVAL : errno)
        }
        let flags = fcntl(descriptor, F_GETFL)
        guard fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 else {
            throw SystemError(operation: "fcntl", subject: description)
        }
        return descriptor
    }
}

extension Int32 {
    /// Sets an integer option. What the kernel does not know it does not need: nothing depends on it.
    func setOption(_ level: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        setsockopt(self, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    fileprivate func bind(toInterface name: String) -> Bool {
        var name = Array(name.utf8)
        return setsockopt(
            self, SOL_SOCKET, SO_BINDTODEVICE, &name, socklen_t(name.count)) == 0
    }
}
