// SPDX-License-Identifier: Apache-2.0
//
// Writes CONNECT. Properties that are nil are left out; for MQTT 3.1.1 all of them are.

/// [MQTT 5.0, 3.1]
package struct ConnectEncoder: PacketEncoder {
    package let version: ProtocolVersion
    package var clientID: ClientID
    package var cleanStart: Bool
    package var keepAlive: UInt16
    package var will: WillEncoder?
    package var username: String?
    package var password: [UInt8]?
    package var sessionExpiry: UInt32?
    package var receiveMaximum: UInt16?
    package var maximumPacketSize: UInt32?
    package var topicAliasMaximum: UInt16?
    package var requestResponseInformation: Bool?
    package var requestProblemInformation: Bool?
    package var authenticationMethod: String?
    package var authenticationData: [UInt8]?
    package var userProperties: [UserProperty] = []

    package init(
        _ version: ProtocolVersion, clientID: ClientID, cleanStart: Bool, keepAlive: UInt16 = 0
    ) {
        self.version = version
        self.clientID = clientID
        self.cleanStart = cleanStart
        self.keepAlive = keepAlive
    }

    package var kind: PacketKind { .connect }

    /// [MQTT-3.1.3-1]
    package func writeBody<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        let flags = ConnectFlags(
            cleanStart: cleanStart, will: will.map { ($0.qos, $0.retain) },
            username: username != nil, password: password != nil)
        sink.append(string: "MQTT")
        sink.append(version.rawValue)
        sink.append(flags.byte)
        sink.append(twoBytes: keepAlive)
        if version == .v5 { sink.append(propertiesOf: self) }
        sink.append(binary: clientID.bytes)
        if let will {
            if version == .v5 { sink.append(propertiesOf: will) }
            sink.append(string: will.topic)
            sink.append(binary: will.payload)
        }
        if let username { sink.append(string: username) }
        if let password { sink.append(binary: password) }
    }
}

extension ConnectEncoder: PropertyWriting {
    func writeProperties<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
        sink.append(.sessionExpiryInterval, fourBytes: sessionExpiry)
        sink.append(.receiveMaximum, twoBytes: receiveMaximum)
        sink.append(.maximumPacketSize, fourBytes: maximumPacketSize)
        sink.append(.topicAliasMaximum, twoBytes: topicAliasMaximum)
        sink.append(.requestResponseInformation, flag: requestResponseInformation)
        sink.append(.requestProblemInformation, flag: requestProblemInformation)
        sink.append(.authenticationMethod, string: authenticationMethod)
        sink.append(.authenticationData, binary: authenticationData)
        sink.append(userProperties)
    }
}
