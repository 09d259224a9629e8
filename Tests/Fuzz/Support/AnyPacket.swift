// SPDX-License-Identifier: Apache-2.0
//
// A packet of any kind, decoded where it lies, and its fields.
import MQTT

enum AnyPacket {
    case connect(ConnectPacket)
    case connack(ConnackPacket)
    case publish(PublishPacket)
    case acknowledgement(AcknowledgementPacket)
    case subscribe(SubscribePacket)
    case suback(SubackPacket)
    case unsubscribe(UnsubscribePacket)
    case unsuback(UnsubackPacket)
    case ping(PingPacket)
    case disconnect(DisconnectPacket)
    case auth(AuthPacket)

    /// The header must be that of a packet that is there as a whole.
    init(
        _ wire: [UInt8], _ header: FixedHeader, _ version: ProtocolVersion, from sender: Role
    ) throws(DecodeError) {
        let bytes = wire.span
        switch header.kind {
        case .connect: self = .connect(try ConnectPacket(bytes, header))
        case .connack: self = .connack(try ConnackPacket(bytes, header, version))
        case .publish: self = .publish(try PublishPacket(bytes, header, version, from: sender))
        case .puback, .pubrec, .pubrel, .pubcomp:
            self = .acknowledgement(
                try AcknowledgementPacket(bytes, header, version, from: sender))
        case .subscribe: self = .subscribe(try SubscribePacket(bytes, header, version))
        case .suback: self = .suback(try SubackPacket(bytes, header, version))
        case .unsubscribe: self = .unsubscribe(try UnsubscribePacket(bytes, header, version))
        case .unsuback: self = .unsuback(try UnsubackPacket(bytes, header, version))
        case .pingreq, .pingresp: self = .ping(try PingPacket(header))
        case .disconnect:
            self = .disconnect(try DisconnectPacket(bytes, header, version, from: sender))
        case .auth: self = .auth(try AuthPacket(bytes, header, version, from: sender))
        }
    }

    /// Of a CONNECT the version that it asks for.
    var connectVersion: ProtocolVersion? {
        if case .connect(let packet) = self { packet.version } else { nil }
    }

    /// What it says, read from the bytes that it was decoded from.
    func fields(_ wire: [UInt8], _ kind: PacketKind) -> PacketFields {
        var reader = PacketFieldReader(wire)
        reader.set("packet", number: kind.rawValue)
        switch self {
        case .connect(let packet): reader.take(packet)
        case .connack(let packet): reader.take(packet)
        case .publish(let packet): reader.take(packet)
        case .acknowledgement(let packet): reader.take(packet)
        case .subscribe(let packet): reader.take(packet)
        case .suback(let packet):
            reader.take(packet.id, packet.reasons, packet.reasonString, packet.properties)
        case .unsubscribe(let packet): reader.take(packet)
        case .unsuback(let packet):
            reader.take(packet.id, packet.reasons, packet.reasonString, packet.properties)
        case .ping: break
        case .disconnect(let packet): reader.take(packet)
        case .auth(let packet): reader.take(packet)
        }
        return reader.result
    }
}

extension PacketFieldReader {
    fileprivate mutating func take(_ packet: ConnectPacket) {
        set("protocolVersion", number: packet.version.rawValue)
        set("cleanStart", packet.cleanStart)
        set("keepAlive", number: packet.keepAlive)
        set("clientIdentifier", packet.clientID)
        set("userName", packet.username)
        set("password", packet.password)
        set("sessionExpiryInterval", number: packet.sessionExpiry)
        set("receiveMaximum", number: packet.receiveMaximum)
        set("maximumPacketSize", number: packet.maximumPacketSize)
        set("topicAliasMaximum", number: packet.topicAliasMaximum)
        set("requestResponseInformation", packet.requestResponseInformation)
        set("requestProblemInformation", packet.requestProblemInformation)
        set("authenticationMethod", packet.authenticationMethod)
        set("authenticationData", packet.authenticationData)
        setRepeated(packet.properties)
        guard let will = packet.will else { return }
        set("will.topic", will.topic)
        set("will.payload", will.payload)
        set("will.qos", number: will.qos.rawValue)
        set("will.retain", will.retain)
        set("will.willDelayInterval", number: will.delay)
        take(will.properties, "will.")
    }

    fileprivate mutating func take(_ packet: ConnackPacket) {
        set("sessionPresent", packet.sessionPresent)
        set("reasonCode", number: packet.reason.rawValue)
        set("sessionExpiryInterval", number: packet.sessionExpiry)
        set("receiveMaximum", number: packet.receiveMaximum)
        set("maximumQoS", number: packet.maximumQoS.rawValue)
        set("retainAvailable", packet.retainAvailable)
        set("maximumPacketSize", number: packet.maximumPacketSize)
        set("assignedClientIdentifier", packet.assignedClientID)
        set("topicAliasMaximum", number: packet.topicAliasMaximum)
        set("reasonString", packet.reasonString)
        set("wildcardSubscriptionAvailable", packet.wildcardSubscriptionAvailable)
        set("subscriptionIdentifierAvailable", packet.subscriptionIdentifierAvailable)
        set("sharedSubscriptionAvailable", packet.sharedSubscriptionAvailable)
        set("serverKeepAlive", number: packet.serverKeepAlive)
        set("responseInformation", packet.responseInformation)
        set("serverReference", packet.serverReference)
        set("authenticationMethod", packet.authenticationMethod)
        set("authenticationData", packet.authenticationData)
        setRepeated(packet.properties)
    }

    fileprivate mutating func take(_ packet: PublishPacket) {
        set("dup", packet.duplicate)
        set("qos", number: packet.qos.rawValue)
        set("retain", packet.retain)
        set("topicName", packet.topic)
        set("packetIdentifier", number: packet.id?.rawValue)
        set("payload", packet.payload)
        set("topicAlias", number: packet.properties.topicAlias)
        take(packet.properties, "")
    }

    private mutating func take(_ properties: PublishProperties, _ prefix: String) {
        func first(_ id: PropertyID) -> Property? { properties.all.first(id, in: wire.span) }
        set(prefix + "payloadFormatIndicator", number: first(.payloadFormatIndicator)?.number)
        set(prefix + "messageExpiryInterval", number: properties.messageExpiry)
        set(prefix + "contentType", first(.contentType)?.value)
        set(prefix + "responseTopic", first(.responseTopic)?.value)
        set(prefix + "correlationData", first(.correlationData)?.value)
        setRepeated(properties.all, prefix)
    }

    fileprivate mutating func take(_ packet: AcknowledgementPacket) {
        set("packetIdentifier", number: packet.id.rawValue)
        set("reasonCode", number: packet.reason.rawValue)
        set("reasonString", packet.reasonString)
        setRepeated(packet.properties)
    }

    fileprivate mutating func take(_ packet: SubscribePacket) {
        set("packetIdentifier", number: packet.id.rawValue)
        setRepeated(packet.properties)
        var filters: [PacketField] = []
        var walk = packet.requests.makeIterator()
        while let request = walk.next(in: wire.span) {
            let options = UInt64(request.options.byte)
            filters.append(.list([.bytes(Array(wire[request.filter])), .number(options)]))
        }
        set("topicFilters", .list(filters))
    }

    fileprivate mutating func take(_ packet: UnsubscribePacket) {
        set("packetIdentifier", number: packet.id.rawValue)
        setRepeated(packet.properties)
        var filters: [PacketField] = []
        var walk = packet.filters.makeIterator()
        while let filter = walk.next(in: wire.span) {
            filters.append(.bytes(Array(wire[filter])))
        }
        set("topicFilters", .list(filters))
    }

    fileprivate mutating func take(
        _ id: PacketID, _ reasons: Range<Int>, _ reasonString: Range<Int>?,
        _ properties: Properties
    ) {
        set("packetIdentifier", number: id.rawValue)
        set("reasonCodes", .list(reasons.map { .number(UInt64(wire[$0])) }))
        set("reasonString", reasonString)
        setRepeated(properties)
    }

    fileprivate mutating func take(_ packet: DisconnectPacket) {
        set("reasonCode", number: packet.reason.rawValue)
        set("sessionExpiryInterval", number: packet.sessionExpiry)
        set("reasonString", packet.reasonString)
        set("serverReference", packet.serverReference)
        setRepeated(packet.properties)
    }

    fileprivate mutating func take(_ packet: AuthPacket) {
        set("reasonCode", number: packet.reason.rawValue)
        set("authenticationMethod", packet.authenticationMethod)
        set("authenticationData", packet.authenticationData)
        set("reasonString", packet.reasonString)
        setRepeated(packet.properties)
    }
}
