// SPDX-License-Identifier: Apache-2.0
//
// A socket address of any family, and how it is written: `10.0.0.7:1883`, `[::1]:1883`, a path.
// Looking names up blocks and is only done where that is allowed.

import Glibc

struct SocketAddress: Sendable {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

    var family: Int32 { Int32(storage.ss_family) }

    /// A Unix socket's path; fails where it is too long for the kernel.
    static func unix(_ path: String) -> SocketAddress? {
        var address = sockaddr_un()
        let room = MemoryLayout.size(ofValue: address.sun_path)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < room, !bytes.contains(0) else { return nil }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        var result = SocketAddress()
        withUnsafeMutableBytes(of: &result.storage) { target in
            withUnsafeBytes(of: &address) { target.copyMemory(from: $0) }
        }
        result.length = socklen_t(MemoryLayout<sockaddr_un>.size)
        return result
    }

    /// Every address of a host. Blocks unless the host is numeric.
    static func resolve(
        _ host: String, port: UInt16, numericOnly: Bool, passive: Bool = false
    ) throws(SystemError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV | (numericOnly ? AI_NUMERICHOST : 0)
        if passive { hints.ai_flags |= AI_PASSIVE }
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host.isEmpty ? nil : host, String(port), &hints, &list)
        guard status == 0 else {
            throw SystemError(
                operation: "resolve", subject: host, errno: status == EAI_SYSTEM ? errno : status)
        }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = list
        while let entry = next {
            if let source = entry.pointee.ai_addr {
                found.append(SocketAddress(copying: source, length: entry.pointee.ai_addrlen))
            }
            next = entry.pointee.ai_next
        }
        return found
    }

    init() {}

    private init(copying source: UnsafePointer<sockaddr>, length: socklen_t) {
        withUnsafeMutableBytes(of: &storage) { target in
            target.copyMemory(from: UnsafeRawBufferPointer(start: source, count: Int(length)))
        }
        self.length = length
    }

    /// The address that a socket is bound to.
    init(boundTo descriptor: Int32) {
        withPointer { getsockname(descriptor, $0, &$1) }
    }

    var port: UInt16 {
        get {
            switch family {
            case AF_INET: UInt16(bigEndian: read(sockaddr_in.self).sin_port)
            case AF_INET6: UInt16(bigEndian: read(sockaddr_in6.self).sin6_port)
            default: 0
            }
        }
        set {
            // The port lies at the same place in both families.
            let place = MemoryLayout<sockaddr_in>.offset(of: \.sin_port)!
            withUnsafeMutableBytes(of: &storage) {
                $0.storeBytes(of: newValue.bigEndian, toByteOffset: place, as: UInt16.self)
            }
        }
    }

    func read<T>(_ type: T.Type) -> T {
        withUnsafeBytes(of: storage) { $0.load(as: type) }
    }

    @discardableResult
    mutating func withPointer<R>(
        _ body: (UnsafeMutablePointer<sockaddr>, inout socklen_t) -> R
    ) -> R {
        withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
        }
    }

    func bind(_ descriptor: Int32) -> Int32 {
        var copy = self
        return copy.withPointer { Glibc.bind(descriptor, $0, $1) }
    }

    func connect(_ descriptor: Int32) -> Int32 {
        var copy = self
        return copy.withPointer { Glibc.connect(descriptor, $0, $1) }
    }
}
