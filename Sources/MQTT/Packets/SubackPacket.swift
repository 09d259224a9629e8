// SPDX-License-Identifier: Apache-2.0
//
// SUBACK as received by a client.

/// [MQTT 5.0, 3.9]
public struct SubackPacket: Hashable, Sendable {
    public let id: PacketID
    public let reasonString: Range<Int>?
    public let properties: Properties
    /// One reason code a filter, in the order of SUBSCRIBE. [MQTT-3.9.3-1]
    public let reasons: Range<Int>

    public init(
        _ bytes: Span<UInt8>, _ header: FixedHeader, _ version: ProtocolVersion
    ) throws(DecodeError) {
        var cursor = ByteCursor(header.body)
        id = try cursor.packetID(in: bytes)
        let rest =
            version == .v5 ? try ReasonProperties(bytes, &cursor, in: .suback) : .none
        reasonString = rest.reasonString
        properties = rest.properties
        reasons = cursor.remaining
        guard !reasons.isEmpty else { throw .protocolError(.noReasonCodes) }
        for index in reasons where !Self.isAllowed(ReasonCode(bytes[index]), version) {
            throw .protocolError(.reasonCode)
        }
    }

    /// [MQTT-3.9.3-2]
    private static func isAllowed(_ reason: ReasonCode, _ version: ProtocolVersion) -> Bool {
        switch version {
        case .v311: reason.rawValue <= 2 || reason == .unspecifiedError
        case .v5: reason.isAllowed(in: .suback, from: .server)
        }
    }
}
