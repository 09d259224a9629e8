// SPDX-License-Identifier: Apache-2.0
//
// What a peer can do wrong on the wire: the reason code that answers it and the flaw for the log.
// A value of two bytes, so that refusing a packet costs no allocation.

public enum DecodeError: Error, Hashable, Sendable {
    /// The bytes are no packet of the standard: 0x81.
    case malformed(Flaw)
    /// The packet can be read, but must not be sent like this: 0x82.
    case protocolError(Flaw)
    /// Topic alias 0: 0x94. Whether an alias is above the maximum is known to Flows.
    case topicAliasInvalid
    /// The packet is longer than its receiver allows: 0x95.
    case packetTooLarge
    /// CONNECT asks for a level that is not spoken here: 0x84, or 0x01 in MQTT 3.1.1.
    case unsupportedVersion(level: UInt8)

    public var reason: ReasonCode {
        switch self {
        case .malformed: .malformedPacket
        case .protocolError: .protocolError
        case .topicAliasInvalid: .topicAliasInvalid
        case .packetTooLarge: .packetTooLarge
        case .unsupportedVersion: .unsupportedProtocolVersion
        }
    }
}

extension DecodeError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformed(let flaw), .protocolError(let flaw): "\(reason.name): \(flaw.rawValue)"
        case .topicAliasInvalid: "\(reason.name): topic alias 0"
        case .packetTooLarge: reason.name
        case .unsupportedVersion(let level): "\(reason.name): level \(level)"
        }
    }
}
