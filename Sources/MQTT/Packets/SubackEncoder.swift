// SPDX-License-Identifier: Apache-2.0
//
// Writes SUBACK.

/// [MQTT 5.0, 3.9]
package struct SubackEncoder: ExplainingEncoder {
    package let version: ProtocolVersion
    package let id: PacketID
    /// One a filter, in the order of SUBSCRIBE. [MQTT-3.9.3-1]
    package var reasons: [ReasonCode]
    package var reasonString: String?
    package var userProperties: [UserProperty] = []

    package init(_ version: ProtocolVersion, _ id: PacketID, _ reasons: [ReasonCode]) {
        self.version = version
        self.id = id
        self.reasons = reasons
    }

    package var kind: PacketKind { .suback }

    package func writeBody<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
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
