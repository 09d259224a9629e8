// SPDX-License-Identifier: Apache-2.0
//
// Walks through the content of a record. Every step may find less than it wants, for what lies on a
// disk may be anything.
import MQTT

struct RecordReader {
    private var position: Int
    private let end: Int

    init(_ content: Range<Int>) {
        position = content.lowerBound
        end = content.upperBound
    }

    var isAtEnd: Bool { position == end }

    mutating func byte(in bytes: Span<UInt8>) -> UInt8? {
        integer(size: 1, in: bytes).map { UInt8($0) }
    }

    mutating func packetID(in bytes: Span<UInt8>) -> PacketID? {
        integer(size: 2, in: bytes).flatMap { PacketID(rawValue: UInt16($0)) }
    }

    mutating func number(in bytes: Span<UInt8>) -> MessageNumber? {
        integer(size: 8, in: bytes).map(MessageNumber.init(rawValue:))
    }

    mutating func time(in bytes: Span<UInt8>) -> Instant? {
        integer(size: 8, in: bytes).map { Instant(nanoseconds: Int64(bitPattern: $0)) }
    }

    /// A count of so many bytes, and that many bytes.
    mutating func bytes(countOf size: Int, in bytes: Span<UInt8>) -> [UInt8]? {
        guard let count = integer(size: size, in: bytes), count <= UInt64(end - position) else {
            return nil
        }
        return take(Int(count), in: bytes)
    }

    mutating func rest(in bytes: Span<UInt8>) -> [UInt8] {
        take(end - position, in: bytes)
    }

    private mutating func take(_ count: Int, in bytes: Span<UInt8>) -> [UInt8] {
        let source = bytes.extracting(position..<position + count)
        position += count
        return unsafe source.withUnsafeBufferPointer { unsafe [UInt8]($0) }
    }

    private mutating func integer(size: Int, in bytes: Span<UInt8>) -> UInt64? {
        guard end - position >= size else { return nil }
        var value: UInt64 = 0
        for index in (0..<size).reversed() {
            value = value << 8 | UInt64(bytes[position + index])
        }
        position += size
        return value
    }
}
