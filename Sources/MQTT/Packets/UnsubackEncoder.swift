// SPDX-License-Identifier: Apache-2.0
//
// Writes UNSUBACK.

/// [MQTT 5.0, 3.11]
public struct UnsubackEncoder: ExplainingEncoder {
    public let version: ProtocolVersion
    public let id: PacketID
    /// One a filter, in the order of UNSUBSCRIBE; not written in MQTT 3.1.1. [MQTT-3.11.3-1]
    public var reasons: [ReasonCode]
    public var reasonString: String?
    public var userProperties: [UserProperty] = []

    public init(_ version: ProtocolVersion, _ id: PacketID, _ reasons: [ReasonCode]) {
        self.version = version
        self.id = id
        self.reasons = reasons
    }

    public var kind: PacketKind { .unsuback }

    public func writeBody<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
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
