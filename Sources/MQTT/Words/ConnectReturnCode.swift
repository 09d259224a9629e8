// SPDX-License-Identifier: Apache-2.0
//
// The answers to CONNECT in MQTT 3.1.1, and how they stand to the reason codes of 5.0 in which all
// decisions are made. [MQTT 3.1.1, 3.2.2.3]

public enum ConnectReturnCode: UInt8, Hashable, Sendable {
    case accepted = 0
    case unacceptableProtocolVersion
    case identifierRejected
    case serverUnavailable
    case badUserNameOrPassword
    case notAuthorized

    /// Nil where no code fits: then the connection is closed without CONNACK. [MQTT-3.2.2-6]
    public init?(_ reason: ReasonCode) {
        switch reason {
        case .success: self = .accepted
        case .unsupportedProtocolVersion: self = .unacceptableProtocolVersion
        case .clientIdentifierNotValid: self = .identifierRejected
        case .serverUnavailable, .serverBusy, .quotaExceeded, .useAnotherServer, .serverMoved,
            .connectionRateExceeded:
            self = .serverUnavailable
        case .badUserNameOrPassword: self = .badUserNameOrPassword
        case .notAuthorized, .banned: self = .notAuthorized
        default: return nil
        }
    }

    public var reason: ReasonCode {
        switch self {
        case .accepted: .success
        case .unacceptableProtocolVersion: .unsupportedProtocolVersion
        case .identifierRejected: .clientIdentifierNotValid
        case .serverUnavailable: .serverUnavailable
        case .badUserNameOrPassword: .badUserNameOrPassword
        case .notAuthorized: .notAuthorized
        }
    }
}
