// SPDX-License-Identifier: Apache-2.0
//
// The first two to five bytes of every packet, read in place. Whether the body has arrived and may
// be that long is asked by the caller, who knows its buffer and its limit.

/// [MQTT 5.0, 2.1]
public struct FixedHeader: Hashable, Sendable {
    public let kind: PacketKind
    public let flags: UInt8
    /// Where variable header and payload lie; it may reach beyond the bytes that have arrived.
    public let body: Range<Int>

    /// Where the next packet starts.
    @inlinable
    public var end: Int { body.upperBound }

    @inlinable
    public init(kind: PacketKind, flags: UInt8, body: Range<Int>) {
        self.kind = kind
        self.flags = flags
        self.body = body
    }

    /// Nil while the header itself is incomplete.
    ///
    /// The shortest form of the length is required of a peer that is known to speak MQTT 5.0;
    /// MQTT 3.1.1 has no such rule. [MQTT-1.5.5-1]
    @inlinable @inline(__always)
    public static func read(
        _ bytes: Span<UInt8>, at start: Int, version: ProtocolVersion? = nil
    ) throws(DecodeError) -> FixedHeader? {
        guard start < bytes.count else { return nil }
        let first = bytes[start]
        guard let kind = PacketKind(rawValue: first &>> 4) else {
            throw .malformed(.reservedPacketType)
        }
        let flags = first & 0x0F
        try check(flags, of: kind)
        guard start &+ 1 < bytes.count else { return nil }
        let length = bytes[start &+ 1]
        let bodyStart = start &+ 2
        if length < 0x80 {
            return FixedHeader(
                kind: kind, flags: flags, body: bodyStart..<(bodyStart &+ Int(length)))
        }
        if bodyStart < bytes.count, case let more = bytes[bodyStart], 0x01...0x7F ~= more {
            let start = bodyStart &+ 1
            let end = start &+ (Int(more) &<< 7 | Int(length & 0x7F))
            return FixedHeader(kind: kind, flags: flags, body: start..<end)
        }
        guard let body = try longBody(bytes, from: start &+ 1, version) else { return nil }
        return FixedHeader(kind: kind, flags: flags, body: body)
    }

    /// [MQTT-2.1.3-1], [MQTT-3.3.1-2], [MQTT-3.3.1-4]
    @inlinable @inline(__always)
    static func check(_ flags: UInt8, of kind: PacketKind) throws(DecodeError) {
        guard kind == .publish else {
            guard flags == kind.requiredFlags else { throw .malformed(.reservedFlags) }
            return
        }
        guard flags & 0b0110 != 0b0110 else { throw .malformed(.reservedQoS) }
        guard flags & 0b1110 != 0b1000 else { throw .malformed(.duplicateQoS0) }
    }

    /// All that is left: three or four bytes, padded or incomplete ones.
    @usableFromInline
    static func longBody(
        _ bytes: Span<UInt8>, from start: Int, _ version: ProtocolVersion?
    ) throws(DecodeError) -> Range<Int>? {
        var length = 0
        for index in 0..<4 {
            guard start + index < bytes.count else { return nil }
            let byte = bytes[start + index]
            length |= Int(byte & 0x7F) << (7 * index)
            guard byte < 0x80 else { continue }
            if version == .v5, byte == 0 { throw .malformed(.notShortestForm) }
            let bodyStart = start + index + 1
            return bodyStart..<(bodyStart + length)
        }
        throw .malformed(.remainingLength)
    }
}

extension FixedHeader {
    /// For a receiver that has announced how large a whole packet may be. `start` is where the
    /// header was read.
    @inlinable
    public func checkSize(from start: Int, limit: Int) throws(DecodeError) {
        guard end &- start <= limit else { throw .packetTooLarge }
    }
}
