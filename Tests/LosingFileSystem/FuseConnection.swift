// SPDX-License-Identifier: Apache-2.0
// One mount: the descriptor over which the kernel asks and is answered. Closing it ends the mount at
// once, whoever is using it, as a power cut does; a new connection is a new boot.
import CFuse
import Glibc

/// The kernel refused what this program cannot do without.
struct SystemFailure: Error, CustomStringConvertible {
    let operation: String
    let errno = Glibc.errno

    var description: String { "\(operation): \(String(cString: strerror(errno)))" }
}

/// One question of the kernel; `body` lasts until the next one is read.
struct FuseRequest {
    let header: fuse_in_header
    let body: UnsafeRawBufferPointer

    func value<T: BitwiseCopyable>(_ type: T.Type) -> T { body.loadUnaligned(as: type) }

    /// What follows a value of that type.
    func rest<T: BitwiseCopyable>(after type: T.Type) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: body[MemoryLayout<T>.size...])
    }
}

final class FuseConnection {
    static let writeMax = 1 << 20

    let descriptor: Int32
    private let mountPoint: String
    private var hasEnded = false
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: writeMax + 8192, alignment: 16)

    init(mountedAt mountPoint: String) throws(SystemFailure) {
        self.mountPoint = mountPoint
        descriptor = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw SystemFailure(operation: "open /dev/fuse") }
        let options = "fd=\(descriptor),rootmode=40000,user_id=0,group_id=0"
        let flags = UInt(MS_NOSUID | MS_NODEV)
        guard mount("losing", mountPoint, "fuse.losing", flags, options) == 0 else {
            throw SystemFailure(operation: "mount \(mountPoint)")
        }
    }

    deinit {
        end()
        buffer.deallocate()
    }

    /// First the descriptor: unmounting alone would ask this very program to write back.
    func end() {
        guard !hasEnded else { return }
        hasEnded = true
        close(descriptor)
        umount2(mountPoint, Int32(MNT_DETACH))
    }

    /// The next question, if one is waiting.
    func next() throws(SystemFailure) -> FuseRequest? {
        let count = read(descriptor, buffer.baseAddress!, buffer.count)
        guard count >= 0 else {
            // ENOENT: whoever asked has died meanwhile.
            if [EAGAIN, EINTR, ENOENT].contains(errno) { return nil }
            throw SystemFailure(operation: "read /dev/fuse")
        }
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        return FuseRequest(
            header: bytes.loadUnaligned(as: fuse_in_header.self),
            body: UnsafeRawBufferPointer(rebasing: bytes[MemoryLayout<fuse_in_header>.size...]))
    }

    func answer(_ request: FuseRequest, _ bytes: UnsafeRawBufferPointer) throws(SystemFailure) {
        try send(request, error: 0, bytes)
    }

    func refuse(_ request: FuseRequest, _ refusal: Refusal) throws(SystemFailure) {
        try send(request, error: -refusal.errno, UnsafeRawBufferPointer(start: nil, count: 0))
    }

    private func send(
        _ request: FuseRequest, error: Int32, _ bytes: UnsafeRawBufferPointer
    ) throws(SystemFailure) {
        let size = MemoryLayout<fuse_out_header>.size + bytes.count
        var header = fuse_out_header(
            len: UInt32(size), error: error, unique: request.header.unique)
        let count = withUnsafeMutableBytes(of: &header) { header in
            var vectors = [
                iovec(iov_base: header.baseAddress, iov_len: header.count),
                iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress),
                    iov_len: bytes.count),
            ]
            return writev(descriptor, &vectors, bytes.isEmpty ? 1 : 2)
        }
        // ENOENT: whoever asked was killed meanwhile.
        guard count == size || errno == ENOENT else {
            throw SystemFailure(operation: "answer request \(request.header.opcode)")
        }
    }
}
