// SPDX-License-Identifier: Apache-2.0
//
// CONNACK as received by a client. What the server leaves out stands here with its default.

/// [MQTT 5.0, 3.2]
public struct ConnackPacket: Hashable, Sendable {
    public let sessionPresent: Bool
    /// For MQTT 3.1.1 the reason code that the return code stands for.
    public let reason: ReasonCode
    public private(set) var sessionExpiry: UInt32?
    public private(set) var receiveMaximum: UInt16 = 65_535
    public private(set) var maximumQoS: QoS = .exactlyOnce
    public private(set) var retainAvailable = true
    public private(set) var maximumPacketSize: UInt32?
    public private(set) var assignedClientID: Range<Int>?
    public private(set) var topicAliasMaximum: UInt16 = 0
    public private(set) var reasonString: Range<Int>?
    public private(set) var wildcardSubscriptionAvailable = true
    public private(set) var subscriptionIdentifierAvailable = true
    public private(set) var sharedSubscriptionAvailable = true
    public private(set) var serverKeepAlive: UInt16?
    public private(set) var responseInformation: Range<Int>?
    public private(set) var serverReference: Range<Int>?
    public private(set) var authenticationMethod: Range<Int>?
    public private(set) var authenticationData: Range<Int>?
    public private(set) var properties: Properties = .none

    public init(
        _ bytes: Span<UInt8>, _ header: FixedHeader, _ version: ProtocolVersion
    ) throws(DecodeError) {
        var cursor = ByteCursor(header.body)
        let flags = try cursor.byte(in: bytes)
        guard flags <= 1 else { throw .malformed(.reservedAcknowledgeFlags) }  // [MQTT-3.2.2-1]
        sessionPresent = flags == 1
        reason = try Self.reason(cursor.byte(in: bytes), version)
        guard !sessionPresent || reason == .success else {  // [MQTT-3.2.2-6]
            throw .protocolError(.sessionPresentOnFailure)
        }
        if version == .v5 { try takeProperties(bytes, &cursor) }
        try cursor.requireEnd()
    }

    private static func reason(
        _ byte: UInt8, _ version: ProtocolVersion
    ) throws(DecodeError) -> ReasonCode {
        switch version {
        case .v311:
            guard let code = ConnectReturnCode(rawValue: byte) else {
                throw .malformed(.reasonCode)
            }
            return code.reason
        case .v5:
            let reason = ReasonCode(byte)
            guard reason.isAllowed(in: .connack, from: .server) else {
                throw .protocolError(.reasonCode)
            }
            return reason
        }
    }

    private mutating func takeProperties(
        _ bytes: Span<UInt8>, _ cursor: inout ByteCursor
    ) throws(DecodeError) {
        var reader = try PropertyReader(bytes, &cursor, in: .connack)
        properties = Properties(block: reader.block)
        while let property = try reader.next(in: bytes) {
            takeNumber(property)
            takeText(property)
        }
        guard authenticationData == nil || authenticationMethod != nil else {
            throw .protocolError(.dataWithoutMethod)
        }
    }

    private mutating func takeNumber(_ property: Property) {
        let number = property.number
        switch property.id {
        case .sessionExpiryInterval: sessionExpiry = number
        case .receiveMaximum: receiveMaximum = UInt16(truncatingIfNeeded: number)
        case .maximumQoS: maximumQoS = number == 0 ? .atMostOnce : .atLeastOnce
        case .retainAvailable: retainAvailable = number == 1
        case .maximumPacketSize: maximumPacketSize = number
        case .topicAliasMaximum: topicAliasMaximum = UInt16(truncatingIfNeeded: number)
        case .wildcardSubscriptionAvailable: wildcardSubscriptionAvailable = number == 1
        case .subscriptionIdentifierAvailable: subscriptionIdentifierAvailable = number == 1
        case .sharedSubscriptionAvailable: sharedSubscriptionAvailable = number == 1
        case .serverKeepAlive: serverKeepAlive = UInt16(truncatingIfNeeded: number)
        default: break
        }
    }

    private mutating func takeText(_ property: Property) {
        switch property.id {
        case .assignedClientIdentifier: assignedClientID = property.value
        case .reasonString: reasonString = property.value
        case .responseInformation: responseInformation = property.value
        case .serverReference: serverReference = property.value
        case .authenticationMethod: authenticationMethod = property.value
        case .authenticationData: authenticationData = property.value
        default: break
        }
    }
}
