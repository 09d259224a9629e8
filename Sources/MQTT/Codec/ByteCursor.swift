// SPDX-License-Identifier: Apache-2.0
//
// Walks through the body of a packet and reads the data types of the standard in place. Texts and
// binary data come back as ranges into the span that is handed to every call; nothing is copied.

/// [MQTT 5.0, 1.5]
public struct ByteCursor: Sendable {
    public var position: Int
    public let end: Int

    @inlinable
    public init(_ range: Range<Int>) {
        position = range.lowerBound
        end = range.upperBound
    }

    @inlinable
    public var remaining: Range<Int> { position..<end }

    @inlinable
    public var isAtEnd: Bool { position == end }

    @inlinable @inline(__always)
    public mutating func byte(in bytes: Span<UInt8>) throws(DecodeError) -> UInt8 {
        guard position < end else { throw .malformed(.truncated) }
        let value = bytes[position]
        position &+= 1
        return value
    }

    @inlinable @inline(__always)
    public mutating func twoBytes(in bytes: Span<UInt8>) throws(DecodeError) -> UInt16 {
        guard end &- position >= 2 else { throw .malformed(.truncated) }
        let value = unsafe bytes.bytes.unsafeLoadUnaligned(
            fromByteOffset: position, as: UInt16.self)
        position &+= 2
        return UInt16(bigEndian: value)
    }

    @inlinable @inline(__always)
    public mutating func fourBytes(in bytes: Span<UInt8>) throws(DecodeError) -> UInt32 {
        guard end &- position >= 4 else { throw .malformed(.truncated) }
        let value = unsafe bytes.bytes.unsafeLoadUnaligned(
            fromByteOffset: position, as: UInt32.self)
        position &+= 4
        return UInt32(bigEndian: value)
    }

    /// [MQTT-2.2.1-3]
    @inlinable @inline(__always)
    public mutating func packetID(in bytes: Span<UInt8>) throws(DecodeError) -> PacketID {
        guard let id = PacketID(rawValue: try twoBytes(in: bytes)) else {
            throw .protocolError(.packetIdentifierZero)
        }
        return id
    }

    /// A variable byte integer in its shortest form. [MQTT-1.5.5-1]
    @inlinable @inline(__always)
    public mutating func variable(in bytes: Span<UInt8>) throws(DecodeError) -> Int {
        let first = try byte(in: bytes)
        if first < 0x80 { return Int(first) }
        return try longVariable(in: bytes, Int(first & 0x7F))
    }

    @usableFromInline
    mutating func longVariable(
        in bytes: Span<UInt8>, _ lowest: Int
    ) throws(DecodeError) -> Int {
        var value = lowest
        for index in 1..<4 {
            let next = try byte(in: bytes)
            value |= Int(next & 0x7F) << (7 * index)
            guard next < 0x80 else { continue }
            guard next != 0 else { throw .malformed(.notShortestForm) }
            return value
        }
        throw .malformed(.variableInteger)
    }

    /// Binary data: two bytes of length and that many bytes.
    @inlinable @inline(__always)
    public mutating func binary(in bytes: Span<UInt8>) throws(DecodeError) -> Range<Int> {
        let count = Int(try twoBytes(in: bytes))
        return try take(count)
    }

    /// A UTF-8 string, checked.
    @inlinable
    public mutating func string(in bytes: Span<UInt8>) throws(DecodeError) -> Range<Int> {
        let range = try binary(in: bytes)
        try UTF8Text.validate(bytes, range)
        return range
    }

    @inlinable @inline(__always)
    public mutating func take(_ count: Int) throws(DecodeError) -> Range<Int> {
        guard count <= end &- position else { throw .malformed(.truncated) }
        let start = position
        position &+= count
        return start..<position
    }

    @inlinable
    public func requireEnd() throws(DecodeError) {
        guard position == end else { throw .malformed(.trailingBytes) }
    }
}
