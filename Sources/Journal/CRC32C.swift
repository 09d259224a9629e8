// SPDX-License-Identifier: Apache-2.0
// The checksum of everything on disk: CRC-32C (Castagnoli), eight bytes a step by tables. Where the
// processor has an instruction for it, whoever opens the journal passes that in as a `Checksum`.

/// Continues `crc` over bytes; begins with 0. All implementations give the same result.
public typealias Checksum = @Sendable (_ crc: UInt32, _ bytes: Span<UInt8>) -> UInt32

public enum CRC32C {
    /// Reflected polynomial 0x1EDC6F41.
    private static let polynomial: UInt32 = 0x82f6_3b78

    /// `tables[k][b]`: byte b followed by k zero bytes.
    private static let tables: [[UInt32]] = {
        var first = [UInt32](repeating: 0, count: 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 {
                value = value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1
            }
            first[byte] = value
        }
        var tables = [first]
        for _ in 1..<8 {
            let last = tables[tables.count - 1]
            tables.append(last.map { $0 >> 8 ^ first[Int($0 & 0xff)] })
        }
        return tables
    }()

    @Sendable
    public static func checksum(_ crc: UInt32, _ bytes: Span<UInt8>) -> UInt32 {
        let tables = Self.tables
        var value = ~crc
        var at = 0
        while bytes.count - at >= 8 {
            let mixed = bytes.little64(at: at) ^ UInt64(value)
            value = 0
            for index in 0..<8 {
                let byte = mixed >> (8 * UInt64(index)) & 0xff
                value ^= tables[7 - index][Int(truncatingIfNeeded: byte)]
            }
            at += 8
        }
        while at < bytes.count {
            value = value >> 8 ^ tables[0][Int((value ^ UInt32(bytes[at])) & 0xff)]
            at += 1
        }
        return ~value
    }
}
