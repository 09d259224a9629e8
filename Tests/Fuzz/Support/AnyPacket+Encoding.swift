// SPDX-License-Identifier: Apache-2.0
//
// A decoded packet written anew with our encoders. What the sender left out is written with its
// default, so the bytes may differ; what they say must not.
import MQTT

extension AnyPacket {
    func encoded(_ wire: [UInt8], _ version: ProtocolVersion) -> [UInt8] {
        let source = PacketSource(wire: wire, version: version)
        return switch self {
        case .connect(let packet): source.encoded(packet)
        case .connack(let packet): source.encoded(packet)
        case .publish(let packet): source.encoded(packet)
        case .acknowledgement(let packet): source.encoded(packet)
        case .subscribe(let packet): source.encoded(packet)
        case .suback(let packet): source.encoded(packet)
        case .unsubscribe(let packet): source.encoded(packet)
        case .unsuback(let packet): source.encoded(packet)
        case .ping(let packet):
            written(2) { $0.append(word: PingPacket.shortForm(packet.kind)) }
        case .disconnect(let packet): source.encoded(packet)
        case .auth(let packet): source.encoded(packet)
        }
    }
}

/// The bytes that a packet was decoded from.
private struct PacketSource {
    let wire: [UInt8]
    let version: ProtocolVersion

    func text(_ range: Range<Int>) -> String { String(decoding: wire[range], as: UTF8.self) }

    func text(_ range: Range<Int>?) -> String? { range.map { text($0) } }

    func bytes(_ range: Range<Int>?) -> [UInt8]? { range.map { Array(wire[$0]) } }

    func userProperties(_ properties: Properties) -> [UserProperty] {
        var found: [UserProperty] = []
        var walk = properties.makeIterator()
        while let property = walk.next(.userProperty, in: wire.span) {
            found.append(UserProperty(text(property.name), text(property.value)))
        }
        return found
    }

    func reasons(_ range: Range<Int>) -> [ReasonCode] { wire[range].map { ReasonCode($0) } }
}

extension PacketSource {
    func encoded(_ packet: ConnectPacket) -> [UInt8] {
        var encoder = ConnectEncoder(
            packet.version, clientID: ClientID(wire.span, packet.clientID),
            cleanStart: packet.cleanStart, keepAlive: packet.keepAlive)
        encoder.username = text(packet.username)
        encoder.password = bytes(packet.password)
        encoder.sessionExpiry = packet.sessionExpiry
        encoder.receiveMaximum = packet.receiveMaximum
        encoder.maximumPacketSize = packet.maximumPacketSize
        encoder.topicAliasMaximum = packet.topicAliasMaximum
        encoder.requestResponseInformation = packet.requestResponseInformation
        encoder.requestProblemInformation = packet.requestProblemInformation
        encoder.authenticationMethod = text(packet.authenticationMethod)
        encoder.authenticationData = bytes(packet.authenticationData)
        encoder.userProperties = userProperties(packet.properties)
        encoder.will = packet.will.map { will in
            WillEncoder(
                topic: text(will.topic), payload: Array(wire[will.payload]), qos: will.qos,
                retain: will.retain, delay: will.delay,
                messageExpiry: will.properties.messageExpiry,
                properties: messageProperties(will.properties))
        }
        return encoder.encoded()
    }

    private func messageProperties(_ properties: PublishProperties) -> MessageProperties {
        func first(_ id: PropertyID) -> Property? { properties.all.first(id, in: wire.span) }
        return MessageProperties(
            isText: first(.payloadFormatIndicator).map { $0.number == 1 },
            contentType: text(first(.contentType)?.value),
            responseTopic: text(first(.responseTopic)?.value),
            correlationData: bytes(first(.correlationData)?.value),
            userProperties: userProperties(properties.all))
    }

    func encoded(_ packet: ConnackPacket) -> [UInt8] {
        var encoder =
            packet.reason.isFailure
            ? ConnackEncoder(refusing: version, packet.reason)!
            : ConnackEncoder(accepting: version, sessionPresent: packet.sessionPresent)
        encoder.sessionExpiry = packet.sessionExpiry
        encoder.receiveMaximum = packet.receiveMaximum
        encoder.maximumQoS = packet.maximumQoS
        encoder.retainAvailable = packet.retainAvailable
        encoder.maximumPacketSize = packet.maximumPacketSize
        encoder.assignedClientID = packet.assignedClientID.map { ClientID(wire.span, $0) }
        encoder.topicAliasMaximum = packet.topicAliasMaximum
        encoder.reasonString = text(packet.reasonString)
        encoder.wildcardSubscriptionAvailable = packet.wildcardSubscriptionAvailable
        encoder.subscriptionIdentifierAvailable = packet.subscriptionIdentifierAvailable
        encoder.sharedSubscriptionAvailable = packet.sharedSubscriptionAvailable
        encoder.serverKeepAlive = packet.serverKeepAlive
        encoder.responseInformation = text(packet.responseInformation)
        encoder.serverReference = text(packet.serverReference)
        encoder.authenticationMethod = text(packet.authenticationMethod)
        encoder.authenticationData = bytes(packet.authenticationData)
        encoder.userProperties = userProperties(packet.properties)
        return encoder.encoded()
    }

    /// What belongs to the message is handed on as it came, as the broker does.
    func encoded(_ packet: PublishPacket) -> [UInt8] {
        let head = PublishHead(
            qos: packet.qos, duplicate: packet.duplicate, retain: packet.retain, id: packet.id,
            messageExpiry: packet.properties.messageExpiry,
            topicAlias: packet.properties.topicAlias)
        var identifiers: [UInt32] = []
        var walk = packet.properties.all.makeIterator()
        while let property = walk.next(.subscriptionIdentifier, in: wire.span) {
            identifiers.append(property.number)
        }
        let forwardable = written(packet.properties.forwardableCount) {
            packet.properties.appendForwardable(from: wire.span, to: &$0)
        }
        let topic = Array(wire[packet.topic])
        let encoder = PublishEncoder(
            head, version, topicCount: topic.count, subscriptionIdentifiers: identifiers.span,
            forwardableCount: forwardable.count, payloadCount: packet.payload.count)
        return written(encoder.encodedSize) { output in
            encoder.encode(
                topic: topic.span, subscriptionIdentifiers: identifiers.span,
                forwardable: forwardable.span, into: &output)
        } + wire[packet.payload]
    }

    func encoded(_ packet: AcknowledgementPacket) -> [UInt8] {
        let encoder = AcknowledgementEncoder(
            version, packet.kind, packet.id, packet.reason,
            reasonString: text(packet.reasonString),
            userProperties: userProperties(packet.properties))
        return encoder.encoded()
    }

    func encoded(_ packet: SubscribePacket) -> [UInt8] {
        var requests: [SubscribeEncoder.Request] = []
        var walk = packet.requests.makeIterator()
        while let request = walk.next(in: wire.span) {
            requests.append(.init(text(request.filter), request.options))
        }
        var encoder = SubscribeEncoder(version, packet.id, requests)
        encoder.subscriptionIdentifier = packet.subscriptionIdentifier
        encoder.userProperties = userProperties(packet.properties)
        return encoder.encoded()
    }

    func encoded(_ packet: SubackPacket) -> [UInt8] {
        var encoder = SubackEncoder(version, packet.id, reasons(packet.reasons))
        encoder.reasonString = text(packet.reasonString)
        encoder.userProperties = userProperties(packet.properties)
        return encoder.encoded()
    }

    func encoded(_ packet: UnsubscribePacket) -> [UInt8] {
        var filters: [String] = []
        var walk = packet.filters.makeIterator()
        while let filter = walk.next(in: wire.span) { filters.append(text(filter)) }
        var encoder = UnsubscribeEncoder(version, packet.id, filters)
        encoder.userProperties = userProperties(packet.properties)
        return encoder.encoded()
    }

    func encoded(_ packet: UnsubackPacket) -> [UInt8] {
        var encoder = UnsubackEncoder(version, packet.id, reasons(packet.reasons))
        encoder.reasonString = text(packet.reasonString)
        encoder.userProperties = userProperties(packet.properties)
        return encoder.encoded()
    }

    func encoded(_ packet: DisconnectPacket) -> [UInt8] {
        var encoder = DisconnectEncoder(version, packet.reason)
        encoder.sessionExpiry = packet.sessionExpiry
        encoder.reasonString = text(packet.reasonString)
        encoder.serverReference = text(packet.serverReference)
        encoder.userProperties = userProperties(packet.properties)
        return encoder.encoded()
    }

    func encoded(_ packet: AuthPacket) -> [UInt8] {
        // Nothing but a header: our encoder always names the method.
        guard let method = packet.authenticationMethod else { return [0xF0, 0] }
        var encoder = AuthEncoder(
            packet.reason, authenticationMethod: text(method),
            authenticationData: bytes(packet.authenticationData))
        encoder.reasonString = text(packet.reasonString)
        encoder.userProperties = userProperties(packet.properties)
        return encoder.encoded()
    }
}
