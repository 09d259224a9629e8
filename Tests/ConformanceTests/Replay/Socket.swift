// SPDX-License-Identifier: Apache-2.0
// A blocking TCP connection as a test uses it: what is written leaves at once and in the pieces in
// which it was written, and an answer that does not come within a minute is an error, which
// leaves room for a disk that others load.
import Glibc

final class Socket {
    struct Failed: Error {
        let operation: String
        let errno: Int32
    }

    private let descriptor: Int32

    /// Nil if nobody listens there.
    init?(_ address: UInt32, _ port: UInt16) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = address.bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, size)
            }
        }
        guard result == 0 else { return nil }
        set(Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
        set(SOL_SOCKET, SO_RCVTIMEO, timeval(tv_sec: 60, tv_usec: 0))
        set(SOL_SOCKET, SO_SNDTIMEO, timeval(tv_sec: 60, tv_usec: 0))
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    private func set<Value: BitwiseCopyable>(_ level: Int32, _ option: Int32, _ value: Value) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Value>.size))
    }

    /// The peer gets a reset, now. Behind a close it might come later: a program that another test is
    /// starting has a copy of every descriptor until it is itself.
    func breakOff() {
        var nobody = sockaddr()
        nobody.sa_family = sa_family_t(AF_UNSPEC)
        let result = Glibc.connect(
            descriptor, &nobody, socklen_t(MemoryLayout<sockaddr>.size))
        precondition(result == 0, "a socket cannot be disconnected: errno \(errno)")
    }

    /// A peer that has closed already does not hear it.
    func write(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EPIPE || errno == ECONNRESET { return }
            guard count > 0 else { throw Failed(operation: "send", errno: errno) }
            sent += count
        }
    }

    /// As many bytes as were asked for, or fewer if the connection ends before.
    func read(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let piece = try receive(count - bytes.count)
            if piece.isEmpty { break }
            bytes += piece
        }
        return bytes
    }

    /// What comes until the end.
    func readToEnd() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while case let piece = try receive(65_536), !piece.isEmpty { bytes += piece }
        return bytes
    }

    private func receive(_ most: Int) throws -> [UInt8] {
        let piece = try [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            let result = recv(descriptor, buffer.baseAddress, most, 0)
            if result < 0, errno != ECONNRESET { throw Failed(operation: "recv", errno: errno) }
            count = max(0, result)
        }
        return piece
    }
}
