// SPDX-License-Identifier: Apache-2.0
//
// The reason codes of MQTT 5.0, section 2.4. Which packet may carry which code is in
// ReasonCode+Packets; their text for logs in ReasonCode+Name.

package struct ReasonCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt8

    @inlinable
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable
    package init(_ rawValue: UInt8) { self.rawValue = rawValue }

    /// 0x80 and above mean that what was asked for did not happen.
    @inlinable
    package var isFailure: Bool { rawValue >= 0x80 }
}

extension ReasonCode {
    @inlinable package static var success: ReasonCode { .init(0x00) }
    @inlinable package static var normalDisconnection: ReasonCode { .init(0x00) }
    @inlinable package static var grantedQoS0: ReasonCode { .init(0x00) }
    @inlinable package static var grantedQoS1: ReasonCode { .init(0x01) }
    @inlinable package static var grantedQoS2: ReasonCode { .init(0x02) }
    @inlinable package static var disconnectWithWillMessage: ReasonCode { .init(0x04) }
    @inlinable package static var noMatchingSubscribers: ReasonCode { .init(0x10) }
    @inlinable package static var noSubscriptionExisted: ReasonCode { .init(0x11) }
    @inlinable package static var continueAuthentication: ReasonCode { .init(0x18) }
    @inlinable package static var reAuthenticate: ReasonCode { .init(0x19) }
    @inlinable package static var unspecifiedError: ReasonCode { .init(0x80) }
    @inlinable package static var malformedPacket: ReasonCode { .init(0x81) }
    @inlinable package static var protocolError: ReasonCode { .init(0x82) }
    @inlinable package static var implementationSpecificError: ReasonCode { .init(0x83) }
    @inlinable package static var unsupportedProtocolVersion: ReasonCode { .init(0x84) }
    @inlinable package static var clientIdentifierNotValid: ReasonCode { .init(0x85) }
    @inlinable package static var badUserNameOrPassword: ReasonCode { .init(0x86) }
    @inlinable package static var notAuthorized: ReasonCode { .init(0x87) }
    @inlinable package static var serverUnavailable: ReasonCode { .init(0x88) }
    @inlinable package static var serverBusy: ReasonCode { .init(0x89) }
    @inlinable package static var banned: ReasonCode { .init(0x8A) }
    @inlinable package static var serverShuttingDown: ReasonCode { .init(0x8B) }
    @inlinable package static var badAuthenticationMethod: ReasonCode { .init(0x8C) }
    @inlinable package static var keepAliveTimeout: ReasonCode { .init(0x8D) }
    @inlinable package static var sessionTakenOver: ReasonCode { .init(0x8E) }
    @inlinable package static var topicFilterInvalid: ReasonCode { .init(0x8F) }
    @inlinable package static var topicNameInvalid: ReasonCode { .init(0x90) }
    @inlinable package static var packetIdentifierInUse: ReasonCode { .init(0x91) }
    @inlinable package static var packetIdentifierNotFound: ReasonCode { .init(0x92) }
    @inlinable package static var receiveMaximumExceeded: ReasonCode { .init(0x93) }
    @inlinable package static var topicAliasInvalid: ReasonCode { .init(0x94) }
    @inlinable package static var packetTooLarge: ReasonCode { .init(0x95) }
    @inlinable package static var messageRateTooHigh: ReasonCode { .init(0x96) }
    @inlinable package static var quotaExceeded: ReasonCode { .init(0x97) }
    @inlinable package static var administrativeAction: ReasonCode { .init(0x98) }
    @inlinable package static var payloadFormatInvalid: ReasonCode { .init(0x99) }
    @inlinable package static var retainNotSupported: ReasonCode { .init(0x9A) }
    @inlinable package static var qosNotSupported: ReasonCode { .init(0x9B) }
    @inlinable package static var useAnotherServer: ReasonCode { .init(0x9C) }
    @inlinable package static var serverMoved: ReasonCode { .init(0x9D) }
    @inlinable package static var sharedSubscriptionsNotSupported: ReasonCode { .init(0x9E) }
    @inlinable package static var connectionRateExceeded: ReasonCode { .init(0x9F) }
    @inlinable package static var maximumConnectTime: ReasonCode { .init(0xA0) }
    @inlinable package static var subscriptionIdentifiersNotSupported: ReasonCode { .init(0xA1) }
    @inlinable package static var wildcardSubscriptionsNotSupported: ReasonCode { .init(0xA2) }
}

extension ReasonCode {
    /// The code of SUBACK that grants a QoS. [MQTT-3.9.3-2]
    @inlinable
    package static func granted(_ qos: QoS) -> ReasonCode { ReasonCode(rawValue: qos.rawValue) }
}
