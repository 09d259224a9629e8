// SPDX-License-Identifier: Apache-2.0
// Numbers on disk: lowest byte first.

extension Span<UInt8> {
    @inlinable @inline(__always)
    public func little16(at offset: Int) -> UInt16 {
        UInt16(
            littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    @inlinable @inline(__always)
    public func little32(at offset: Int) -> UInt32 {
        UInt32(
            littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    @inlinable @inline(__always)
    public func little64(at offset: Int) -> UInt64 {
        UInt64(
            littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}

extension [UInt8] {
    mutating func append<Number: FixedWidthInteger>(little value: Number) {
        for index in 0..<Number.bitWidth / 8 {
            append(UInt8(truncatingIfNeeded: value >> Number(8 * index)))
        }
    }
}
