// SPDX-License-Identifier: Apache-2.0
//
// Writes SUBACK.

/// [MQTT 5.0, 3.9]
public struct SubackEncoder: ExplainingEncoder {
    public let version: ProtocolVersion
    public let id: PacketID
    /// One a filter, in the order of SUBSCRIBE. [MQTT-3.9.3-1]
    public var reasons: [ReasonCode]
    public var reasonString: String?
    public var userProperties: [UserProperty] = []

    public init(_ version: ProtocolVersion, _ id: PacketID, _ reasons: [ReasonCode]) {
        self.version = version
        self.id = id
        self.reasons = reasons
    }

    public var kind: PacketKind { .suback }

    public func writeBody<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(twoBytes: id.rawValue)
        if version == .v5 { sink.append(propertiesOf: self) }
        for reason in reasons { sink.append(code(of: reason)) }
    }

    /// MQTT 3.1.1 has one code for every failure. [MQTT-3.9.3-2]
    private func code(of reason: ReasonCode) -> UInt8 {
        version == .v311 && reason.isFailure ? 0x80 : reason.rawValue
    }
}

extension SubackEncoder: PropertyWriting {
    func writeProperties<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(.reasonString, string: reasonString)
        sink.append(userProperties)
    }
}
