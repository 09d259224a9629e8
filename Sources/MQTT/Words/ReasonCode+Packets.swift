// SPDX-License-Identifier: Apache-2.0
//
// Which packet may carry which reason code, and from which end. [MQTT 5.0, 2.4]

extension ReasonCode {
    public func isAllowed(in kind: PacketKind, from sender: Role) -> Bool {
        switch kind {
        case .connack: isAllowedInConnack
        case .puback, .pubrec: isAllowedInReceipt(from: sender)
        case .pubrel, .pubcomp: self == .success || self == .packetIdentifierNotFound
        case .suback: isAllowedInSuback
        case .unsuback: isAllowedInUnsuback
        case .disconnect: isAllowedInDisconnect(from: sender)
        case .auth: isAllowedInAuth(from: sender)
        case .connect, .publish, .subscribe, .unsubscribe, .pingreq, .pingresp: false
        }
    }

    /// [MQTT-3.2.2-8]
    private var isAllowedInConnack: Bool {
        switch self {
        case .success, .unspecifiedError, .malformedPacket, .protocolError,
            .implementationSpecificError, .unsupportedProtocolVersion, .clientIdentifierNotValid,
            .badUserNameOrPassword, .notAuthorized, .serverUnavailable, .serverBusy, .banned,
            .badAuthenticationMethod, .topicNameInvalid, .packetTooLarge, .quotaExceeded,
            .payloadFormatInvalid, .retainNotSupported, .qosNotSupported, .useAnotherServer,
            .serverMoved, .connectionRateExceeded:
            true
        default: false
        }
    }

    /// PUBACK and PUBREC. [MQTT-3.4.2-1], [MQTT-3.5.2-1]
    private func isAllowedInReceipt(from sender: Role) -> Bool {
        switch self {
        case .success, .unspecifiedError, .implementationSpecificError, .notAuthorized,
            .topicNameInvalid, .packetIdentifierInUse, .quotaExceeded, .payloadFormatInvalid:
            true
        case .noMatchingSubscribers: sender == .server
        default: false
        }
    }

    /// [MQTT-3.9.3-2]
    private var isAllowedInSuback: Bool {
        switch self {
        case .grantedQoS0, .grantedQoS1, .grantedQoS2, .unspecifiedError,
            .implementationSpecificError, .notAuthorized, .topicFilterInvalid,
            .packetIdentifierInUse, .quotaExceeded, .sharedSubscriptionsNotSupported,
            .subscriptionIdentifiersNotSupported, .wildcardSubscriptionsNotSupported:
            true
        default: false
        }
    }

    /// [MQTT-3.11.3-2]
    private var isAllowedInUnsuback: Bool {
        switch self {
        case .success, .noSubscriptionExisted, .unspecifiedError, .implementationSpecificError,
            .notAuthorized, .topicFilterInvalid, .packetIdentifierInUse:
            true
        default: false
        }
    }

    /// [MQTT-3.14.2-1]
    private func isAllowedInDisconnect(from sender: Role) -> Bool {
        switch self {
        case .normalDisconnection, .unspecifiedError, .malformedPacket, .protocolError,
            .implementationSpecificError, .badAuthenticationMethod, .topicNameInvalid,
            .receiveMaximumExceeded, .topicAliasInvalid, .packetTooLarge, .messageRateTooHigh,
            .quotaExceeded, .administrativeAction, .payloadFormatInvalid:
            true
        case .disconnectWithWillMessage: sender == .client
        case .notAuthorized, .serverBusy, .serverShuttingDown, .keepAliveTimeout,
            .sessionTakenOver, .topicFilterInvalid, .retainNotSupported, .qosNotSupported,
            .useAnotherServer, .serverMoved, .sharedSubscriptionsNotSupported,
            .connectionRateExceeded, .maximumConnectTime, .subscriptionIdentifiersNotSupported,
            .wildcardSubscriptionsNotSupported:
            sender == .server
        default: false
        }
    }

    /// [MQTT-3.15.2-1]
    private func isAllowedInAuth(from sender: Role) -> Bool {
        switch self {
        case .success: sender == .server
        case .continueAuthentication: true
        case .reAuthenticate: sender == .client
        default: false
        }
    }
}
