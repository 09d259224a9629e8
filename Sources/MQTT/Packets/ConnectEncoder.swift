// SPDX-License-Identifier: Apache-2.0
//
// Writes CONNECT. Properties that are nil are left out; for MQTT 3.1.1 all of them are.

/// [MQTT 5.0, 3.1]
public struct ConnectEncoder: PacketEncoder {
    public let version: ProtocolVersion
    public var clientID: ClientID
    public var cleanStart: Bool
    public var keepAlive: UInt16
    public var will: WillEncoder?
    public var username: String?
    public var password: [UInt8]?
    public var sessionExpiry: UInt32?
    public var receiveMaximum: UInt16?
    public var maximumPacketSize: UInt32?
    public var topicAliasMaximum: UInt16?
    public var requestResponseInformation: Bool?
    public var requestProblemInformation: Bool?
    public var authenticationMethod: String?
    public var authenticationData: [UInt8]?
    public var userProperties: [UserProperty] = []

    public init(
        _ version: ProtocolVersion, clientID: ClientID, cleanStart: Bool, keepAlive: UInt16 = 0
    ) {
        self.version = version
        self.clientID = clientID
        self.cleanStart = cleanStart
        self.keepAlive = keepAlive
    }

    public var kind: PacketKind { .connect }

    /// [MQTT-3.1.3-1]
    public func writeBody<Sink: ByteSink & ~Copyable & ~Escapable>(to sink: inout Sink) {
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
