// SPDX-License-Identifier: Apache-2.0
//
// Writes DISCONNECT. In MQTT 3.1.1 it is a header, and a server sends none.

/// [MQTT 5.0, 3.14]
public struct DisconnectEncoder: ExplainingEncoder {
    public let version: ProtocolVersion
    public let reason: ReasonCode
    /// Only from a client. [MQTT-3.14.2-2]
    public var sessionExpiry: UInt32?
    public var reasonString: String?
    public var serverReference: String?
    public var userProperties: [UserProperty] = []

    public init(_ version: ProtocolVersion, _ reason: ReasonCode = .normalDisconnection) {
        self.version = version
        self.reason = reason
    }

    public var kind: PacketKind { .disconnect }

    public func writeBody<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        guard version == .v5 else { return }
        let hasProperties = propertiesSize > 0
        if reason != .normalDisconnection || hasProperties { sink.append(reason.rawValue) }
        if hasProperties { sink.append(propertiesOf: self) }
    }
}

extension DisconnectEncoder: PropertyWriting {
    func writeProperties<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(.sessionExpiryInterval, fourBytes: sessionExpiry)
        sink.append(.reasonString, string: reasonString)
        sink.append(.serverReference, string: serverReference)
        sink.append(userProperties)
    }
}
