// SPDX-License-Identifier: Apache-2.0
//
// PINGREQ and PINGRESP, which are a header and nothing else.

/// [MQTT 5.0, 3.12 and 3.13]
public struct PingPacket: Hashable, Sendable {
    public let kind: PacketKind

    public init(_ header: FixedHeader) throws(DecodeError) {
        guard header.body.isEmpty else { throw .malformed(.trailingBytes) }
        kind = header.kind
    }

    /// The whole packet, as one word in the order of its bytes.
    @inlinable
    public static func shortForm(_ kind: PacketKind) -> UInt16 {
        UInt16(littleEndian: UInt16(kind.rawValue &<< 4))
    }
}
