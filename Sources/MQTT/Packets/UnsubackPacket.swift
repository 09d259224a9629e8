// SPDX-License-Identifier: Apache-2.0
//
// UNSUBACK as received by a client.

/// [MQTT 5.0, 3.11]
public struct UnsubackPacket: Hashable, Sendable {
    public let id: PacketID
    public let reasonString: Range<Int>?
    public let properties: Properties
    /// One reason code a filter, in the order of UNSUBSCRIBE; empty in MQTT 3.1.1, which gives
    /// none. [MQTT-3.11.3-1]
    public let reasons: Range<Int>

    public init(
        _ bytes: Span<UInt8>, _ header: FixedHeader, _ version: ProtocolVersion
    ) throws(DecodeError) {
        var cursor = ByteCursor(header.body)
        id = try cursor.packetID(in: bytes)
        let rest =
            version == .v5 ? try ReasonProperties(bytes, &cursor, in: .unsuback) : .none
        reasonString = rest.reasonString
        properties = rest.properties
        reasons = cursor.remaining
        switch version {
        case .v311: try cursor.requireEnd()
        case .v5: try Self.check(reasons, in: bytes)
        }
    }

    /// [MQTT-3.11.3-2]
    private static func check(
        _ reasons: Range<Int>, in bytes: Span<UInt8>
    ) throws(DecodeError) {
        guard !reasons.isEmpty else { throw .protocolError(.noReasonCodes) }
        for index in reasons {
            guard ReasonCode(bytes[index]).isAllowed(in: .unsuback, from: .server) else {
                throw .protocolError(.reasonCode)
            }
        }
    }
}
