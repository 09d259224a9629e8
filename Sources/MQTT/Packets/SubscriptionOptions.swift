// SPDX-License-Identifier: Apache-2.0
//
// The byte behind each topic filter in SUBSCRIBE. [MQTT 5.0, 3.8.3.1]

/// What happens to retained messages when a subscription is made.
public enum RetainHandling: UInt8, Hashable, Sendable {
    case send = 0
    case sendIfNew
    case doNotSend
}

public struct SubscriptionOptions: Hashable, Sendable {
    public var maximumQoS: QoS
    public var noLocal: Bool
    public var retainAsPublished: Bool
    public var retainHandling: RetainHandling

    public init(
        maximumQoS: QoS, noLocal: Bool = false, retainAsPublished: Bool = false,
        retainHandling: RetainHandling = .send
    ) {
        self.maximumQoS = maximumQoS
        self.noLocal = noLocal
        self.retainAsPublished = retainAsPublished
        self.retainHandling = retainHandling
    }

    /// [MQTT-3.8.3-5]; [MQTT-3-8.3-4] of 3.1.1, where all bits but the QoS are reserved and QoS 3
    /// is malformed instead of a protocol error.
    public init(_ byte: UInt8, _ version: ProtocolVersion) throws(DecodeError) {
        let reserved: UInt8 = version == .v5 ? 0b1100_0000 : 0b1111_1100
        guard byte & reserved == 0 else { throw .malformed(.reservedOptions) }
        guard let qos = QoS(rawValue: byte & 0b11) else {
            throw version == .v5 ? .protocolError(.reservedQoS) : .malformed(.reservedQoS)
        }
        guard let handling = RetainHandling(rawValue: byte >> 4 & 0b11) else {
            throw .protocolError(.retainHandling)
        }
        maximumQoS = qos
        noLocal = byte & 0b0100 != 0
        retainAsPublished = byte & 0b1000 != 0
        retainHandling = handling
    }

    /// As it is written. Only the QoS may differ from 0 in MQTT 3.1.1.
    public var byte: UInt8 {
        maximumQoS.rawValue | (noLocal ? 0b0100 : 0) | (retainAsPublished ? 0b1000 : 0)
            | retainHandling.rawValue << 4
    }
}
