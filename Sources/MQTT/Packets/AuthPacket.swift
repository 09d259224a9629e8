// SPDX-License-Identifier: Apache-2.0
//
// AUTH as received. Whether the method is the one of the CONNECT is the broker's to check.

/// [MQTT 5.0, 3.15]
public struct AuthPacket: Hashable, Sendable {
    public private(set) var reason: ReasonCode = .success
    /// Nil only if the packet is nothing but a header.
    public private(set) var authenticationMethod: Range<Int>?
    public private(set) var authenticationData: Range<Int>?
    public private(set) var reasonString: Range<Int>?
    public private(set) var properties: Properties = .none

    public init(
        _ bytes: Span<UInt8>, _ header: FixedHeader, _ version: ProtocolVersion, from sender: Role
    ) throws(DecodeError) {
        guard version == .v5 else { throw .malformed(.reservedPacketType) }
        var cursor = ByteCursor(header.body)
        if !cursor.isAtEnd { reason = ReasonCode(try cursor.byte(in: bytes)) }
        guard reason.isAllowed(in: .auth, from: sender) else {  // [MQTT-3.15.2-1]
            throw .protocolError(.reasonCode)
        }
        if header.body.isEmpty { return }
        try takeProperties(bytes, &cursor)
        try cursor.requireEnd()
        guard authenticationMethod != nil else { throw .protocolError(.methodMissing) }
    }

    private mutating func takeProperties(
        _ bytes: Span<UInt8>, _ cursor: inout ByteCursor
    ) throws(DecodeError) {
        if cursor.isAtEnd { return }
        var reader = try PropertyReader(bytes, &cursor, in: .auth)
        properties = Properties(block: reader.block)
        while let property = try reader.next(in: bytes) {
            switch property.id {
            case .authenticationMethod: authenticationMethod = property.value
            case .authenticationData: authenticationData = property.value
            case .reasonString: reasonString = property.value
            case .userProperty: break
            default: preconditionFailure("\(property.id) passed the table of places")
            }
        }
    }
}
