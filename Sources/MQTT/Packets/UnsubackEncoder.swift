// SPDX-License-Identifier: Apache-2.0
//
// Writes UNSUBACK.

/// [MQTT 5.0, 3.11]
package struct UnsubackEncoder: ExplainingEncoder {
    package let version: ProtocolVersion
    package let id: PacketID
    /// One a filter, in the order of UNSUBSCRIBE; not written in MQTT 3.1.1. [MQTT-3.11.3-1]
    package var reasons: [ReasonCode]
    package var reasonString: String?
    package var userProperties: [UserProperty] = []

    package init(_ version: ProtocolVersion, _ id: PacketID, _ reasons: [ReasonCode]) {
        self.version = version
        self.id = id
        self.reasons = reasons
    }

    package var kind: PacketKind { .unsuback }

    package func writeBody<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(twoBytes: id.rawValue)
        guard version == .v5 else { return }
        sink.append(propertiesOf: self)
        for reason in reasons { sink.append(reason.rawValue) }
    }
}

extension UnsubackEncoder: PropertyWriting {
    func writeProperties<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(.reasonString, string: reasonString)
        sink.append(userProperties)
    }
}
