// SPDX-License-Identifier: Apache-2.0
//
// Writes AUTH, which only MQTT 5.0 has.

/// [MQTT 5.0, 3.15]
package struct AuthEncoder: ExplainingEncoder {
    package let reason: ReasonCode
    package let authenticationMethod: String
    package var authenticationData: [UInt8]?
    package var reasonString: String?
    package var userProperties: [UserProperty] = []

    /// [MQTT-4.12.0-5]
    package init(
        _ reason: ReasonCode, authenticationMethod: String, authenticationData: [UInt8]? = nil
    ) {
        self.reason = reason
        self.authenticationMethod = authenticationMethod
        self.authenticationData = authenticationData
    }

    package var kind: PacketKind { .auth }

    package func writeBody<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
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
