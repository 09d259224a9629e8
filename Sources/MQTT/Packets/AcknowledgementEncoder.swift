// SPDX-License-Identifier: Apache-2.0
//
// Writes PUBACK, PUBREC, PUBREL and PUBCOMP with a reason. For plain success there is the short
// form of AcknowledgementPacket, one word.

/// [MQTT 5.0, 3.4 to 3.7]
public struct AcknowledgementEncoder: ExplainingEncoder {
    public let version: ProtocolVersion
    public let kind: PacketKind
    public let id: PacketID
    public let reason: ReasonCode
    public var reasonString: String?
    public var userProperties: [UserProperty]

    /// MQTT 3.1.1 cannot say a reason: there the packet acknowledges and no more.
    public init(
        _ version: ProtocolVersion, _ kind: PacketKind, _ id: PacketID,
        _ reason: ReasonCode = .success, reasonString: String? = nil,
        userProperties: [UserProperty] = []
    ) {
        self.version = version
        self.kind = kind
        self.id = id
        self.reason = reason
        self.reasonString = reasonString
        self.userProperties = userProperties
    }

    public func writeBody<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(twoBytes: id.rawValue)
        guard version == .v5 else { return }
        let hasProperties = reasonString != nil || !userProperties.isEmpty
        if reason != .success || hasProperties { sink.append(reason.rawValue) }
        if hasProperties { sink.append(propertiesOf: self) }
    }
}

extension AcknowledgementEncoder: PropertyWriting {
    func writeProperties<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(.reasonString, string: reasonString)
        sink.append(userProperties)
    }
}
