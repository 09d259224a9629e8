// SPDX-License-Identifier: Apache-2.0
//
// SUBACK as received by a client.

/// [MQTT 5.0, 3.9]
package struct SubackPacket: Hashable, Sendable {
    package let id: PacketID
    package let reasonString: Range<Int>?
    package let properties: Properties
    /// One reason code a filter, in the order of SUBSCRIBE. [MQTT-3.9.3-1]
    package let reasons: Range<Int>

    package init(
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
