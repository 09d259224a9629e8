// SPDX-License-Identifier: Apache-2.0
//
// The reason codes of MQTT 5.0, section 2.4. Which packet may carry which code is in
// ReasonCode+Packets; their text for logs in ReasonCode+Name.

public struct ReasonCode: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable
    public init(_ rawValue: UInt8) { self.rawValue = rawValue }

    /// 0x80 and above mean that what was asked for did not happen.
    @inlinable
    public var isFailure: Bool { rawValue >= 0x80 }
}

extension ReasonCode {
    @inlinable public static var success: ReasonCode { .init(0x00) }
    @inlinable public static var normalDisconnection: ReasonCode { .init(0x00) }
    @inlinable public static var grantedQoS0: ReasonCode { .init(0x00) }
    @inlinable public static var grantedQoS1: ReasonCode { .init(0x01) }
    @inlinable public static var grantedQoS2: ReasonCode { .init(0x02) }
    @inlinable public static var disconnectWithWillMessage: ReasonCode { .init(0x04) }
    @inlinable public static var noMatchingSubscribers: ReasonCode { .init(0x10) }
    @inlinable public static var noSubscriptionExisted: ReasonCode { .init(0x11) }
    @inlinable public static var continueAuthentication: ReasonCode { .init(0x18) }
    @inlinable public static var reAuthenticate: ReasonCode { .init(0x19) }
    @inlinable public static var unspecifiedError: ReasonCode { .init(0x80) }
    @inlinable public static var malformedPacket: ReasonCode { .init(0x81) }
    @inlinable public static var protocolError: ReasonCode { .init(0x82) }
    @inlinable public static var implementationSpecificError: ReasonCode { .init(0x83) }
    @inlinable public static var unsupportedProtocolVersion: ReasonCode { .init(0x84) }
    @inlinable public static var clientIdentifierNotValid: ReasonCode { .init(0x85) }
    @inlinable public static var badUserNameOrPassword: ReasonCode { .init(0x86) }
    @inlinable public static var notAuthorized: ReasonCode { .init(0x87) }
    @inlinable public static var serverUnavailable: ReasonCode { .init(0x88) }
    @inlinable public static var serverBusy: ReasonCode { .init(0x89) }
    @inlinable public static var banned: ReasonCode { .init(0x8A) }
    @inlinable public static var serverShuttingDown: ReasonCode { .init(0x8B) }
    @inlinable public static var badAuthenticationMethod: ReasonCode { .init(0x8C) }
    @inlinable public static var keepAliveTimeout: ReasonCode { .init(0x8D) }
    @inlinable public static var sessionTakenOver: ReasonCode { .init(0x8E) }
    @inlinable public static var topicFilterInvalid: ReasonCode { .init(0x8F) }
    @inlinable public static var topicNameInvalid: ReasonCode { .init(0x90) }
    @inlinable public static var packetIdentifierInUse: ReasonCode { .init(0x91) }
    @inlinable public static var packetIdentifierNotFound: ReasonCode { .init(0x92) }
    @inlinable public static var receiveMaximumExceeded: ReasonCode { .init(0x93) }
    @inlinable public static var topicAliasInvalid: ReasonCode { .init(0x94) }
    @inlinable public static var packetTooLarge: ReasonCode { .init(0x95) }
    @inlinable public static var messageRateTooHigh: ReasonCode { .init(0x96) }
    @inlinable public static var quotaExceeded: ReasonCode { .init(0x97) }
    @inlinable public static var administrativeAction: ReasonCode { .init(0x98) }
    @inlinable public static var payloadFormatInvalid: ReasonCode { .init(0x99) }
    @inlinable public static var retainNotSupported: ReasonCode { .init(0x9A) }
    @inlinable public static var qosNotSupported: ReasonCode { .init(0x9B) }
    @inlinable public static var useAnotherServer: ReasonCode { .init(0x9C) }
    @inlinable public static var serverMoved: ReasonCode { .init(0x9D) }
    @inlinable public static var sharedSubscriptionsNotSupported: ReasonCode { .init(0x9E) }
    @inlinable public static var connectionRateExceeded: ReasonCode { .init(0x9F) }
    @inlinable public static var maximumConnectTime: ReasonCode { .init(0xA0) }
    @inlinable public static var subscriptionIdentifiersNotSupported: ReasonCode { .init(0xA1) }
    @inlinable public static var wildcardSubscriptionsNotSupported: ReasonCode { .init(0xA2) }
}

extension ReasonCode {
    /// The code of SUBACK that grants a QoS. [MQTT-3.9.3-2]
    @inlinable
    public static func granted(_ qos: QoS) -> ReasonCode { ReasonCode(rawValue: qos.rawValue) }
}
