// SPDX-License-Identifier: Apache-2.0
// The bytes of a file in memory. An array would do the same, but this program is built for
// debugging as the tests are, and there an array is filled byte by byte.
import Glibc

final class Bytes {
    private(set) var count = 0
    private var capacity = 0
    private var base: UnsafeMutableRawPointer?

    deinit { free(base) }

    /// What is there, cut to the bytes of the file.
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        let range = range.clamped(to: 0..<count)
        return UnsafeRawBufferPointer(
            rebasing: UnsafeRawBufferPointer(start: base, count: count)[range])
    }

    /// What is new is zero.
    func resize(to size: Int) {
        if size > capacity {
            capacity = max(size, capacity * 2)
            base = realloc(base, capacity)
            precondition(base != nil, "no memory for a file of \(size) bytes")
        }
        if size > count { memset(base! + count, 0, size - count) }
        count = size
    }

    /// Grows as far as is needed.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        if offset + bytes.count > count { resize(to: offset + bytes.count) }
        memcpy(base! + offset, source, bytes.count)
    }

    /// The same, without growing.
    func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        let count = min(bytes.count, count - offset)
        guard count > 0 else { return }
        write(UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: offset)
    }

    func copy(_ other: Bytes) {
        resize(to: 0)
        write(other.part(0..<other.count), at: 0)
    }
}
