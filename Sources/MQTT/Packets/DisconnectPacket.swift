// SPDX-License-Identifier: Apache-2.0
//
// DISCONNECT as received. In MQTT 3.1.1 it is a header and only clients send it.

/// [MQTT 5.0, 3.14]
public struct DisconnectPacket: Hashable, Sendable {
    public private(set) var reason: ReasonCode = .normalDisconnection
    public private(set) var sessionExpiry: UInt32?
    public private(set) var reasonString: Range<Int>?
    public private(set) var serverReference: Range<Int>?
    public private(set) var properties: Properties = .none

    public init(
        _ bytes: Span<UInt8>, _ header: FixedHeader, _ version: ProtocolVersion, from sender: Role
    ) throws(DecodeError) {
        var cursor = ByteCursor(header.body)
        if version == .v311, sender == .server { throw .protocolError(.packetOfOtherRole) }
        if version == .v311 { try cursor.requireEnd() }
        if cursor.isAtEnd { return }
        reason = ReasonCode(try cursor.byte(in: bytes))
        guard reason.isAllowed(in: .disconnect, from: sender) else {  // [MQTT-3.14.2-1]
            throw .protocolError(.reasonCode)
        }
        if cursor.isAtEnd { return }
        try takeProperties(bytes, &cursor, from: sender)
        try cursor.requireEnd()
    }

    private mutating func takeProperties(
        _ bytes: Span<UInt8>, _ cursor: inout ByteCursor, from sender: Role
    ) throws(DecodeError) {
        var reader = try PropertyReader(bytes, &cursor, in: .disconnect)
        properties = Properties(block: reader.block)
        while let property = try reader.next(in: bytes) {
            switch property.id {
            case .sessionExpiryInterval:  // [MQTT-3.14.2-2]
                guard sender == .client else { throw .protocolError(.propertyOfOtherRole) }
                sessionExpiry = property.number
            case .reasonString: reasonString = property.value
            case .serverReference: serverReference = property.value
            case .userProperty: break
            default: preconditionFailure("\(property.id) passed the table of places")
            }
        }
    }
}
