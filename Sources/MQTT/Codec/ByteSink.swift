// SPDX-License-Identifier: Apache-2.0
//
// Where encoders write to: an output, or a counter that only wants to know the size. So each packet
// is described once and its size is known before a byte of it is written.

public protocol ByteSink: ~Copyable, ~Escapable {
    mutating func append(_ byte: UInt8)
    mutating func append(_ bytes: Span<UInt8>)
}

/// Counts what would be written.
public struct ByteCounter: ByteSink {
    public private(set) var count = 0

    public init() {}

    public mutating func append(_ byte: UInt8) { count += 1 }
    public mutating func append(_ bytes: Span<UInt8>) { count += bytes.count }
}

extension OutputRawSpan: ByteSink {}

/// The data types of the standard. [MQTT 5.0, 1.5]
extension ByteSink where Self: ~Copyable & ~Escapable {
    mutating func append(twoBytes value: UInt16) {
        append(UInt8(value >> 8))
        append(UInt8(value & 0xFF))
    }

    mutating func append(fourBytes value: UInt32) {
        append(twoBytes: UInt16(value >> 16))
        append(twoBytes: UInt16(value & 0xFFFF))
    }

    /// In its shortest form. [MQTT-1.5.5-1]
    @inlinable @inline(__always)
    mutating func append(variable value: Int) {
        if 0..<0x80 ~= value { return append(UInt8(truncatingIfNeeded: value)) }
        append(longVariable: value)
    }

    @usableFromInline
    mutating func append(longVariable value: Int) {
        precondition(
            0...VariableByteInteger.maximum ~= value, "\(value) is no variable byte integer")
        var rest = value
        while rest >= 0x80 {
            append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    /// Binary data, and text that is kept as bytes.
    mutating func append(binary bytes: Span<UInt8>) {
        precondition(bytes.count <= 65_535, "\(bytes.count) bytes do not fit into one field")
        append(twoBytes: UInt16(bytes.count))
        append(bytes)
    }

    mutating func append(binary bytes: [UInt8]) { append(binary: bytes.span) }

    mutating func append(string: String) { append(binary: string.utf8.span) }
}
