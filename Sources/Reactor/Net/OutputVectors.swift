// SPDX-License-Identifier: Apache-2.0
//
// What one connection may write now, as pieces of memory for one gathering write. The loop has one
// of these for all connections.

import CEpoll
import Glibc

package struct OutputVectors {
    package static let capacity = 64
    /// What one connection may write in a turn before the others have had theirs.
    static let byteMax = 512 * 1024

    private let storage: UnsafeMutablePointer<iovec>
    package private(set) var count = 0
    package private(set) var byteCount = 0

    init(storage: UnsafeMutablePointer<iovec>) {
        self.storage = storage
    }

    package var isFull: Bool { count == Self.capacity || byteCount == Self.byteMax }

    /// Adds a piece after the others, or as much of it as there is room for. Empty pieces are nothing.
    /// Must not be full.
    @inline(__always)
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        precondition(!isFull, "output vectors are full")
        let size = min(bytes.count, Self.byteMax - byteCount)
        storage[count] = iovec(iov_base: UnsafeMutableRawPointer(mutating: base), iov_len: size)
        count += 1
        byteCount += size
    }

    func write(to descriptor: Int32) -> Int {
        guard count > 1 else { return cepoll_send(descriptor, storage[0].iov_base, byteCount) }
        return writev(descriptor, storage, Int32(count))
    }
}

extension OutputVectors {
    /// Lets a service's `gather` be tried without a loop: what it appended, as bytes.
    package static func collecting(_ body: (inout OutputVectors) -> Void) -> [UInt8] {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: capacity) { storage in
            var vectors = OutputVectors(storage: storage.baseAddress!)
            body(&vectors)
            return storage[..<vectors.count].flatMap { vector in
                Array(UnsafeRawBufferPointer(start: vector.iov_base, count: vector.iov_len))
            }
        }
    }
}
