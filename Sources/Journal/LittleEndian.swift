// SPDX-License-Identifier: Apache-2.0
// Numbers on disk: lowest byte first.

extension Span<UInt8> {
    func little16(at offset: Int) -> UInt16 {
        UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    }

    func little32(at offset: Int) -> UInt32 {
        UInt32(little16(at: offset)) | UInt32(little16(at: offset + 2)) << 16
    }

    func little64(at offset: Int) -> UInt64 {
        UInt64(little32(at: offset)) | UInt64(little32(at: offset + 4)) << 32
    }
}

extension [UInt8] {
    mutating func append<Number: FixedWidthInteger>(little value: Number) {
        for index in 0..<Number.bitWidth / 8 {
            append(UInt8(truncatingIfNeeded: value >> Number(8 * index)))
        }
    }
}
