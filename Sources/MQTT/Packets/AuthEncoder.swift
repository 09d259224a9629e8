// SPDX-License-Identifier: Apache-2.0
//
// Writes AUTH, which only MQTT 5.0 has.

/// [MQTT 5.0, 3.15]
public struct AuthEncoder: ExplainingEncoder {
    public let reason: ReasonCode
    public let authenticationMethod: String
    public var authenticationData: [UInt8]?
    public var reasonString: String?
    public var userProperties: [UserProperty] = []

    /// [MQTT-4.12.0-5]
    public init(
        _ reason: ReasonCode, authenticationMethod: String, authenticationData: [UInt8]? = nil
    ) {
        self.reason = reason
        self.authenticationMethod = authenticationMethod
        self.authenticationData = authenticationData
    }

    public var kind: PacketKind { .auth }

    public func writeBody<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(reason.rawValue)
        sink.append(propertiesOf: self)
    }
}

extension AuthEncoder: PropertyWriting {
    func writeProperties<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(.authenticationMethod, string: authenticationMethod)
        sink.append(.authenticationData, binary: authenticationData)
        sink.append(.reasonString, string: reasonString)
        sink.append(userProperties)
    }
}
