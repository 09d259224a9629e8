// SPDX-License-Identifier: Apache-2.0
//
// Writes UNSUBSCRIBE.

/// [MQTT 5.0, 3.10]
package struct UnsubscribeEncoder: PacketEncoder {
    package let version: ProtocolVersion
    package let id: PacketID
    package var filters: [String]
    package var userProperties: [UserProperty] = []

    package init(_ version: ProtocolVersion, _ id: PacketID, _ filters: [String]) {
        precondition(!filters.isEmpty, "UNSUBSCRIBE without a filter")  // [MQTT-3.10.2-2]
        self.version = version
        self.id = id
        self.filters = filters
    }

    package var kind: PacketKind { .unsubscribe }

    package func writeBody<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(twoBytes: id.rawValue)
        if version == .v5 { sink.append(propertiesOf: self) }
        for filter in filters { sink.append(string: filter) }
    }
}

extension UnsubscribeEncoder: PropertyWriting {
    func writeProperties<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(userProperties)
    }
}
