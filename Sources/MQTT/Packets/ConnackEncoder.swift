// SPDX-License-Identifier: Apache-2.0
//
// Writes CONNACK. Properties that are nil are left out; for MQTT 3.1.1 all of them are.

/// [MQTT 5.0, 3.2]
public struct ConnackEncoder: ExplainingEncoder {
    public let version: ProtocolVersion
    public let sessionPresent: Bool
    public let reason: ReasonCode
    public var sessionExpiry: UInt32?
    public var receiveMaximum: UInt16?
    /// Left out if it is QoS 2, which must not be written.
    public var maximumQoS: QoS = .exactlyOnce
    public var retainAvailable: Bool?
    public var maximumPacketSize: UInt32?
    public var assignedClientID: ClientID?
    public var topicAliasMaximum: UInt16?
    public var reasonString: String?
    public var wildcardSubscriptionAvailable: Bool?
    public var subscriptionIdentifierAvailable: Bool?
    public var sharedSubscriptionAvailable: Bool?
    public var serverKeepAlive: UInt16?
    public var responseInformation: String?
    public var serverReference: String?
    public var authenticationMethod: String?
    public var authenticationData: [UInt8]?
    public var userProperties: [UserProperty] = []

    private let returnCode: UInt8

    /// [MQTT-3.1.4-5]
    public init(accepting version: ProtocolVersion, sessionPresent: Bool) {
        self.version = version
        self.sessionPresent = sessionPresent
        reason = .success
        returnCode = 0
    }

    /// Nil where MQTT 3.1.1 has no code for the reason: the connection is closed without CONNACK.
    /// [MQTT-3.2.2-6]
    public init?(refusing version: ProtocolVersion, _ reason: ReasonCode) {
        precondition(reason.isFailure, "\(reason) refuses nothing")
        switch version {
        case .v311:
            guard let code = ConnectReturnCode(reason) else { return nil }
            returnCode = code.rawValue
        case .v5: returnCode = reason.rawValue
        }
        self.version = version
        self.sessionPresent = false
        self.reason = reason
    }

    public var kind: PacketKind { .connack }

    public func writeBody<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(sessionPresent ? 1 : 0)
        sink.append(returnCode)
        if version == .v5 { sink.append(propertiesOf: self) }
    }
}

extension ConnackEncoder: PropertyWriting {
    func writeProperties<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(.sessionExpiryInterval, fourBytes: sessionExpiry)
        sink.append(.receiveMaximum, twoBytes: receiveMaximum)
        if maximumQoS != .exactlyOnce {
            sink.append(.maximumQoS, flag: maximumQoS == .atLeastOnce)
        }
        sink.append(.retainAvailable, flag: retainAvailable)
        sink.append(.maximumPacketSize, fourBytes: maximumPacketSize)
        sink.append(.assignedClientIdentifier, binary: assignedClientID?.bytes)
        sink.append(.topicAliasMaximum, twoBytes: topicAliasMaximum)
        sink.append(.reasonString, string: reasonString)
        sink.append(.wildcardSubscriptionAvailable, flag: wildcardSubscriptionAvailable)
        sink.append(.subscriptionIdentifierAvailable, flag: subscriptionIdentifierAvailable)
        sink.append(.sharedSubscriptionAvailable, flag: sharedSubscriptionAvailable)
        sink.append(.serverKeepAlive, twoBytes: serverKeepAlive)
        sink.append(.responseInformation, string: responseInformation)
        sink.append(.serverReference, string: serverReference)
        sink.append(.authenticationMethod, string: authenticationMethod)
        sink.append(.authenticationData, binary: authenticationData)
        sink.append(userProperties)
    }
}
