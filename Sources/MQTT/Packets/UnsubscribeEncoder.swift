// SPDX-License-Identifier: Apache-2.0
//
// Writes UNSUBSCRIBE.

/// [MQTT 5.0, 3.10]
public struct UnsubscribeEncoder: PacketEncoder {
    public let version: ProtocolVersion
    public let id: PacketID
    public var filters: [String]
    public var userProperties: [UserProperty] = []

    public init(_ version: ProtocolVersion, _ id: PacketID, _ filters: [String]) {
        precondition(!filters.isEmpty, "UNSUBSCRIBE without a filter")  // [MQTT-3.10.2-2]
        self.version = version
        self.id = id
        self.filters = filters
    }

    public var kind: PacketKind { .unsubscribe }

    public func writeBody<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
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
