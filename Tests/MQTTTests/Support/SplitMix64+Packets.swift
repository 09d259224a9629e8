// SPDX-License-Identifier: Apache-2.0
//
// Random packets that the standard allows, as the values from which they are encoded.

import MQTT

extension SplitMix64 {
    mutating func version() -> ProtocolVersion { pick([.v311, .v5]) }
    mutating func qos() -> QoS { pick([.atMostOnce, .atLeastOnce, .exactlyOnce]) }
    mutating func packetID() -> PacketID {
        PacketID(UInt16.random(in: 1...UInt16.max, using: &self))
    }
    mutating func word() -> UInt32 { UInt32.random(in: 0...UInt32.max, using: &self) }
    mutating func short() -> UInt16 { UInt16.random(in: 0...UInt16.max, using: &self) }
    mutating func shortAboveZero() -> UInt16 { UInt16.random(in: 1...UInt16.max, using: &self) }
    mutating func subscriptionIdentifier() -> UInt32 {
        UInt32(Int.random(in: 1...pick([127, 16_383, 268_435_455]), using: &self))
    }

    mutating func reason(in kind: PacketKind, from sender: Role) -> ReasonCode {
        let allowed = (UInt8.min...UInt8.max).map { ReasonCode(rawValue: $0) }
            .filter { $0.isAllowed(in: kind, from: sender) }
        return pick(allowed)
    }

    mutating func connect(_ version: ProtocolVersion) -> ConnectEncoder {
        var connect = ConnectEncoder(
            version, clientID: ClientID(text()), cleanStart: Bool.random(using: &self),
            keepAlive: short())
        connect.will = maybe { $0.will() }
        connect.username = maybe { $0.text() }
        if version == .v5 || connect.username != nil {
            connect.password = maybe { $0.bytes(upTo: 20) }
        }
        connect.sessionExpiry = maybe { $0.word() }
        connect.receiveMaximum = maybe { $0.shortAboveZero() }
        connect.maximumPacketSize = maybe { UInt32.random(in: 1...UInt32.max, using: &$0) }
        connect.topicAliasMaximum = maybe { $0.short() }
        connect.requestResponseInformation = maybe { Bool.random(using: &$0) }
        connect.requestProblemInformation = maybe { Bool.random(using: &$0) }
        connect.authenticationMethod = maybe { $0.text() }
        if connect.authenticationMethod != nil {
            connect.authenticationData = maybe { $0.bytes(upTo: 20) }
        }
        connect.userProperties = userProperties()
        return connect
    }

    mutating func will() -> WillEncoder {
        WillEncoder(
            topic: topic(), payload: bytes(upTo: 50), qos: qos(),
            retain: Bool.random(using: &self), delay: maybe { $0.word() },
            messageExpiry: maybe { $0.word() }, properties: messageProperties())
    }

    mutating func messageProperties() -> MessageProperties {
        MessageProperties(
            isText: maybe { Bool.random(using: &$0) }, contentType: maybe { $0.text() },
            responseTopic: maybe { $0.topic() }, correlationData: maybe { $0.bytes(upTo: 20) },
            userProperties: userProperties())
    }

    mutating func connack(_ version: ProtocolVersion) -> ConnackEncoder {
        let refusal =
            chance(oneIn: 3)
            ? ConnackEncoder(refusing: version, pick([.notAuthorized, .serverUnavailable])) : nil
        var connack =
            refusal
            ?? ConnackEncoder(accepting: version, sessionPresent: Bool.random(using: &self))
        connack.sessionExpiry = maybe { $0.word() }
        connack.receiveMaximum = maybe { $0.shortAboveZero() }
        connack.maximumQoS = qos()
        connack.retainAvailable = maybe { Bool.random(using: &$0) }
        connack.maximumPacketSize = maybe { UInt32.random(in: 1...UInt32.max, using: &$0) }
        connack.assignedClientID = maybe { ClientID($0.text()) }
        connack.topicAliasMaximum = maybe { $0.short() }
        connack.reasonString = maybe { $0.text() }
        connack.wildcardSubscriptionAvailable = maybe { Bool.random(using: &$0) }
        connack.subscriptionIdentifierAvailable = maybe { Bool.random(using: &$0) }
        connack.sharedSubscriptionAvailable = maybe { Bool.random(using: &$0) }
        connack.serverKeepAlive = maybe { $0.short() }
        connack.responseInformation = maybe { $0.text() }
        connack.serverReference = maybe { $0.text() }
        connack.authenticationMethod = maybe { $0.text() }
        if connack.authenticationMethod != nil {
            connack.authenticationData = maybe { $0.bytes(upTo: 20) }
        }
        connack.userProperties = userProperties()
        return connack
    }

    mutating func publish(_ version: ProtocolVersion, from sender: Role) -> PublishSample {
        let qos = qos()
        let head = PublishHead(
            qos: qos, duplicate: qos == .atMostOnce ? false : Bool.random(using: &self),
            retain: Bool.random(using: &self), id: qos == .atMostOnce ? nil : packetID(),
            messageExpiry: maybe { $0.word() }, topicAlias: maybe { $0.shortAboveZero() })
        let hasAlias = version == .v5 && head.topicAlias != nil
        return PublishSample(
            version: version, head: head, topic: hasAlias && chance(oneIn: 2) ? "" : topic(),
            subscriptionIdentifiers: sender == .client
                ? [] : (0..<upTo(3)).map { _ in subscriptionIdentifier() },
            properties: messageProperties(), payload: bytes(upTo: chance(oneIn: 10) ? 20_000 : 60))
    }

    mutating func acknowledgement(
        _ version: ProtocolVersion, from sender: Role
    ) -> AcknowledgementEncoder {
        let kind = pick([PacketKind.puback, .pubrec, .pubrel, .pubcomp])
        return AcknowledgementEncoder(
            version, kind, packetID(),
            version == .v5 ? reason(in: kind, from: sender) : .success,
            reasonString: maybe { $0.text() }, userProperties: userProperties())
    }

    mutating func subscribe(_ version: ProtocolVersion) -> SubscribeEncoder {
        let requests = (0...upTo(4)).map { _ in
            SubscribeEncoder.Request(
                filter(),
                SubscriptionOptions(
                    maximumQoS: qos(), noLocal: Bool.random(using: &self),
                    retainAsPublished: Bool.random(using: &self),
                    retainHandling: pick([.send, .sendIfNew, .doNotSend])))
        }
        var subscribe = SubscribeEncoder(version, packetID(), requests)
        subscribe.subscriptionIdentifier = maybe { $0.subscriptionIdentifier() }
        subscribe.userProperties = userProperties()
        return subscribe
    }

    mutating func unsubscribe(_ version: ProtocolVersion) -> UnsubscribeEncoder {
        var unsubscribe = UnsubscribeEncoder(
            version, packetID(), (0...upTo(4)).map { _ in filter() })
        unsubscribe.userProperties = userProperties()
        return unsubscribe
    }

    mutating func suback(_ version: ProtocolVersion) -> SubackEncoder {
        var suback = SubackEncoder(
            version, packetID(), (0...upTo(4)).map { _ in reason(in: .suback, from: .server) })
        suback.reasonString = maybe { $0.text() }
        suback.userProperties = userProperties()
        return suback
    }

    mutating func unsuback(_ version: ProtocolVersion) -> UnsubackEncoder {
        var unsuback = UnsubackEncoder(
            version, packetID(), (0...upTo(4)).map { _ in reason(in: .unsuback, from: .server) })
        unsuback.reasonString = maybe { $0.text() }
        unsuback.userProperties = userProperties()
        return unsuback
    }

    mutating func disconnect(from sender: Role) -> DisconnectEncoder {
        var disconnect = DisconnectEncoder(.v5, reason(in: .disconnect, from: sender))
        if sender == .client { disconnect.sessionExpiry = maybe { $0.word() } }
        disconnect.reasonString = maybe { $0.text() }
        disconnect.serverReference = maybe { $0.text() }
        if chance(oneIn: 2) { disconnect.userProperties = userProperties() }
        return disconnect
    }

    mutating func auth(from sender: Role) -> AuthEncoder {
        var auth = AuthEncoder(
            reason(in: .auth, from: sender), authenticationMethod: text(),
            authenticationData: maybe { $0.bytes(upTo: 30) })
        auth.reasonString = maybe { $0.text() }
        auth.userProperties = userProperties()
        return auth
    }
}
