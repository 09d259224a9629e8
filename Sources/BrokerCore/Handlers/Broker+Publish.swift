// SPDX-License-Identifier: Apache-2.0
// PUBLISH from a client, at each QoS. QoS 0 and 1 are handed on at once; QoS 2 is kept until its
// PUBREL, which is in Broker+Acknowledge.
import MQTT

extension Broker {
    /// A whole PUBLISH. False when it was not taken and has to be offered again later, because a
    /// receiver's queue is full and the publisher's version has no way to hear of it.
    package mutating func publish(
        _ packet: PublishPacket, _ bytes: Span<UInt8>, on id: ConnectionID, at now: Instant,
        into effects: inout EffectList
    ) -> Bool {
        if packet.retain, !limits.retainAvailable {
            violated(id, .retainNotSupported, "RETAIN set", at: now, into: &effects)
            return true
        }
        let topic = bytes.extracting(packet.topic)
        guard let alias = packet.properties.topicAlias else {
            return publish(packet, topic, bytes, on: id, at: now, into: &effects)
        }
        guard let name = name(alias, topic, on: id, at: now, into: &effects) else { return true }
        return publish(packet, name.span, bytes, on: id, at: now, into: &effects)
    }

    /// Gives an alias a meaning, or looks it up; nil if the publisher has broken a rule.
    /// [MQTT-3.3.2-8], [MQTT-3.3.2-12]
    private mutating func name(
        _ alias: UInt16, _ topic: Span<UInt8>, on id: ConnectionID, at now: Instant,
        into effects: inout EffectList
    ) -> [UInt8]? {
        guard alias <= limits.topicAliasMax else {
            violated(
                id, .topicAliasInvalid, "topic alias \(alias) is above what was offered", at: now,
                into: &effects)
            return nil
        }
        if !topic.isEmpty {
            connections[id.index].topicAliases[alias] = topic.indices.map { topic[$0] }
        }
        guard let name = connections[id.index].topicAliases[alias] else {
            violated(
                id, .protocolError, "topic alias \(alias) has no meaning", at: now, into: &effects)
            return nil
        }
        return name
    }

    private mutating func publish(
        _ packet: PublishPacket, _ topic: Span<UInt8>, _ bytes: Span<UInt8>,
        on id: ConnectionID, at now: Instant, into effects: inout EffectList
    ) -> Bool {
        var isTaken = true
        switch packet.qos {
        case .atMostOnce:
            isTaken = publishAtMostOnce(packet, topic, bytes, on: id, at: now, into: &effects)
        case .atLeastOnce:
            isTaken = publishAtLeastOnce(packet, topic, bytes, on: id, at: now, into: &effects)
        case .exactlyOnce:
            isTaken = publishExactlyOnce(packet, topic, bytes, on: id, at: now, into: &effects)
        }
        if isTaken {
            connections[id.index].isPaused = false
            count { $0.messagesReceived += 1 }
        }
        return isTaken
    }

    /// There is no answer that could refuse it, so a retained one waits for room in the store.
    private mutating func publishAtMostOnce(
        _ packet: PublishPacket, _ topic: Span<UInt8>, _ bytes: Span<UInt8>, on id: ConnectionID,
        at now: Instant,
        into effects: inout EffectList
    ) -> Bool {
        if storeIsFull, packet.retain {
            pause(id, into: &effects)
            return false
        }
        routeNow(packet, topic, bytes, on: id, at: now, into: &effects)
        return true
    }

    private mutating func publishAtLeastOnce(
        _ packet: PublishPacket, _ topic: Span<UInt8>, _ bytes: Span<UInt8>, on id: ConnectionID,
        at now: Instant,
        into effects: inout EffectList
    ) -> Bool {
        switch admission(of: packet, topic, on: id, into: &effects) {
        case .welcome:
            routeNow(packet, topic, bytes, on: id, at: now, into: &effects)
            effects.append(.acknowledge(.puback, packet.id!, .success, to: id))
            return true
        case .refused:
            effects.append(.acknowledge(.puback, packet.id!, .quotaExceeded, to: id))
            return true
        case .later:
            return false
        }
    }

    /// [MQTT-4.3.3-8], [MQTT-4.3.3-10]
    private mutating func publishExactlyOnce(
        _ packet: PublishPacket, _ topic: Span<UInt8>, _ bytes: Span<UInt8>, on id: ConnectionID,
        at now: Instant,
        into effects: inout EffectList
    ) -> Bool {
        let session = connections[id.index].session
        let packetID = packet.id!
        if state[session].inbound.arrival(of: packetID) == .repeated {
            // Already ours. Only the acknowledgement was lost.
            count { $0.duplicatesSuppressed += 1 }
            effects.append(.acknowledge(.pubrec, packetID, .success, to: id))
            return true
        }
        let mayBeOpen = Int(limits.inFlightMax) + connections[id.index].inboundAtStart
        let isOverMaximum = state[session].inbound.count >= mayBeOpen
        if connections[id.index].version == .v5, isOverMaximum {  // [MQTT-3.3.4-7]
            violated(
                id, .receiveMaximumExceeded, "more QoS 2 messages open than allowed", at: now,
                into: &effects)
            return true
        }
        switch admission(of: packet, topic, on: id, into: &effects) {
        case .welcome:
            let message = makeMessage(packet, topic, bytes, at: now)
            record(.accepted(message, from: session, packetID), into: &effects)
            effects.append(.acknowledge(.pubrec, packetID, .success, to: id))
            effects.append(.letGo(message))
            return true
        case .refused:
            effects.append(.acknowledge(.pubrec, packetID, .quotaExceeded, to: id))
            return true
        case .later:
            return false
        }
    }

    /// Hands a QoS 0 or 1 message on as it comes.
    private mutating func routeNow(
        _ packet: PublishPacket, _ topic: Span<UInt8>, _ bytes: Span<UInt8>, on id: ConnectionID,
        at now: Instant,
        into effects: inout EffectList
    ) {
        let entry = routes.resolve(topic, state.subscriptions, &state.identifierLists)
        guard packet.retain || !routes.entries[entry].routes.isEmpty else { return }
        let message = makeMessage(packet, topic, bytes, at: now)
        route(
            message, through: entry, from: connections[id.index].session, at: now, into: &effects)
        effects.append(.letGo(message))
    }

    /// The body is copied here and nowhere else.
    private mutating func makeMessage(
        _ packet: PublishPacket, _ topic: Span<UInt8>, _ bytes: Span<UInt8>, at now: Instant
    ) -> MessageID {
        let expires = packet.properties.messageExpiry.map { now + .seconds(Int64($0)) }
        let draft = MessageStore.Draft(
            qos: packet.qos, retain: packet.retain, expires: expires ?? .distantFuture,
            topicCount: topic.count,
            propertiesCount: packet.properties.forwardableCount,
            payloadCount: packet.payload.count)
        return state.messages.create(draft) { body in
            body.append(topic)
            packet.properties.appendForwardable(from: bytes, to: &body)
            body.append(bytes.extracting(packet.payload))
        }
    }

    enum Admission: Equatable {
        case welcome
        /// The publisher hears 0x97.
        case refused
        /// The publisher waits.
        case later
    }

    /// Whether all receivers have room. It is asked when the message arrives: at PUBREL it is
    /// ours already.
    private mutating func admission(
        of packet: PublishPacket, _ topic: Span<UInt8>, on id: ConnectionID,
        into effects: inout EffectList
    ) -> Admission {
        if storeIsFull, needsStore(packet, topic, from: connections[id.index].session) {
            return wait(id, into: &effects)
        }
        guard limits.overflow == .refuse, state.waitingCount >= limits.waitingMax else {
            return .welcome
        }
        let entry = routes.resolve(topic, state.subscriptions, &state.identifierLists)
        let publisher = connections[id.index].session
        let full = routes.entries[entry].routes.first { route in
            route.grant(from: publisher)?.qos ?? .atMostOnce > .atMostOnce
                && state[route.session].waiting.count >= limits.waitingMax
        }
        guard let full else { return .welcome }
        if connections[id.index].version == .v311, !connections[id.index].isPaused {
            effects.tell(
                .congested(state[publisher].client, by: state[full.session].client))
        }
        return wait(id, into: &effects)
    }

    /// Whether taking it writes to the journal, now or at its PUBREL.
    private mutating func needsStore(
        _ packet: PublishPacket, _ topic: Span<UInt8>, from publisher: SessionID
    ) -> Bool {
        if packet.retain || packet.qos == .exactlyOnce && state[publisher].isJournalled {
            return true
        }
        let entry = routes.resolve(topic, state.subscriptions, &state.identifierLists)
        return routes.entries[entry].routes.contains { route in
            route.grant(from: publisher)?.qos ?? .atMostOnce > .atMostOnce
                && state[route.session].isJournalled
        }
    }

    /// MQTT 5.0 can be told to come back; MQTT 3.1.1 can only be made to wait.
    private mutating func wait(
        _ id: ConnectionID, into effects: inout EffectList
    ) -> Admission {
        if connections[id.index].version == .v5 { return .refused }
        pause(id, into: &effects)
        return .later
    }

    private mutating func pause(_ id: ConnectionID, into effects: inout EffectList) {
        connections[id.index].isPaused = true
        if !paused.contains(id) { paused.append(id) }
        effects.append(.pauseReading(id))
    }

    /// Offers what the paused publishers said once more, as soon as there is room again.
    mutating func resumePaused(into effects: inout EffectList) {
        for id in paused {
            effects.append(.resumeReading(id))
        }
        paused.removeAll()
    }
}
