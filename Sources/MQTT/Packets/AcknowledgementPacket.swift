// SPDX-License-Identifier: Apache-2.0
//
// PUBACK, PUBREC, PUBREL and PUBCOMP, which have one form. Nearly all are four bytes long; the
// longer ones are read by a slower way and written by AcknowledgementEncoder.

/// [MQTT 5.0, 3.4 to 3.7]
public struct AcknowledgementPacket: Hashable, Sendable {
    public let kind: PacketKind
    public let id: PacketID
    public let reason: ReasonCode
    public let reasonString: Range<Int>?
    public let properties: Properties

    /// The header must be one of these four kinds.
    @inlinable @inline(__always)
    public init(
        _ bytes: Span<UInt8>, _ header: FixedHeader, _ version: ProtocolVersion, from sender: Role
    ) throws(DecodeError) {
        guard header.body.count == 2 else {
            self = try Self.long(bytes, header, version, from: sender)
            return
        }
        var cursor = ByteCursor(header.body)
        self.init(kind: header.kind, id: try cursor.packetID(in: bytes))
    }

    @usableFromInline
    init(
        kind: PacketKind, id: PacketID, reason: ReasonCode = .success,
        reasonString: Range<Int>? = nil, properties: Properties = .none
    ) {
        self.kind = kind
        self.id = id
        self.reason = reason
        self.reasonString = reasonString
        self.properties = properties
    }

    /// With a reason code, and with properties if there is more than that.
    @usableFromInline
    static func long(
        _ bytes: Span<UInt8>, _ header: FixedHeader, _ version: ProtocolVersion, from sender: Role
    ) throws(DecodeError) -> AcknowledgementPacket {
        var cursor = ByteCursor(header.body)
        let id = try cursor.packetID(in: bytes)
        guard version == .v5 else { throw .malformed(.trailingBytes) }
        let reason = ReasonCode(try cursor.byte(in: bytes))
        guard reason.isAllowed(in: header.kind, from: sender) else {
            throw .protocolError(.reasonCode)
        }
        if cursor.isAtEnd {
            return AcknowledgementPacket(kind: header.kind, id: id, reason: reason)
        }
        let rest = try ReasonProperties(bytes, &cursor, in: PropertyPlaces(header.kind))
        try cursor.requireEnd()
        return AcknowledgementPacket(
            kind: header.kind, id: id, reason: reason, reasonString: rest.reasonString,
            properties: rest.properties)
    }

    /// The size of one that says success.
    @inlinable public static var shortSize: Int { 4 }

    /// One that says success, read as one word. Nil for any other packet, and for less than a whole one.
    @inlinable @inline(__always)
    public static func shortForm(
        in bytes: Span<UInt8>, at position: Int
    ) -> (kind: PacketKind, id: PacketID)? {
        guard position >= 0, bytes.count &- position >= shortSize else { return nil }
        let word = unsafe UInt32(
            littleEndian: bytes.bytes.unsafeLoadUnaligned(
                fromByteOffset: position, as: UInt32.self))
        let kind: PacketKind
        switch UInt16(truncatingIfNeeded: word) {
        case 0x0240: kind = .puback
        case 0x0250: kind = .pubrec
        case 0x0262: kind = .pubrel
        case 0x0270: kind = .pubcomp
        default: return nil
        }
        return PacketID(rawValue: UInt16(truncatingIfNeeded: word &>> 16).byteSwapped)
            .map { (kind, $0) }
    }

    /// The whole packet for success, as one word in the order of its bytes.
    @inlinable
    public static func shortForm(_ kind: PacketKind, _ id: PacketID) -> UInt32 {
        let header = UInt32(kind.rawValue &<< 4 | kind.requiredFlags) | 2 &<< 8
        return UInt32(littleEndian: header | UInt32(id.rawValue.byteSwapped) &<< 16)
    }
}
