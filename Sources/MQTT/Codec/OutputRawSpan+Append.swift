// SPDX-License-Identifier: Apache-2.0
//
// Appending whole values to an output: the hot packets are written with these directly.

extension OutputRawSpan {
    /// A word in the order of its bytes in memory, such as the short form of an acknowledgement.
    @inlinable
    public mutating func append(word: UInt32) { unsafe append(word, as: UInt32.self) }

    @inlinable
    public mutating func append(word: UInt16) { unsafe append(word, as: UInt16.self) }

    /// All bytes in one copy.
    @inlinable @inline(__always)
    public mutating func append(_ bytes: Span<UInt8>) {
        let count = bytes.count
        precondition(freeCapacity >= count, "output without room")
        guard count > 0 else { return }
        unsafe withUnsafeMutableBytes { buffer, initializedCount in
            unsafe bytes.withUnsafeBytes { source in
                let target = unsafe buffer.baseAddress! + initializedCount
                unsafe target.copyMemory(from: source.baseAddress!, byteCount: count)
            }
            initializedCount &+= count
        }
    }
}
