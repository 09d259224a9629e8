// SPDX-License-Identifier: Apache-2.0
// PUBLISH from a client, at each QoS. QoS 0 and 1 are handed on at once; QoS 2 is kept until its
// PUBREL, which is in Broker+Acknowledge.
import MQTT

extension Broker {
    /// A whole PUBLISH. False when it was not taken and has to be offered again later, because a
    /// receiver's queue is full and the publisher's version has no way to hear of it.
    /// `entry` is that of its topic, where it is known already; `unacknowledged` messages of QoS 1 wait
    /// for their PUBACK.
    @_transparent
    package mutating func publish(
        _ packet: PublishPacket, _ bytes: Span<UInt8>, through entry: Int? = nil,
        on id: ConnectionID, unacknowledged: Int = 0, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) -> Bool {
        if let (reason, detail) = breach(by: packet, on: id, unacknowledged: unacknowledged) {
            violated(id, reason, detail, at: now, into: &effects)
            return true
        }
        let topic = bytes.extracting(packet.topic)
        if let alias = packet.properties.topicAlias {
            return publish(packet, by: alias, topic, bytes, on: id, at: now, into: &effects)
        }
        return publish(packet, topic, bytes, through: entry, on: id, at: now, into: &effects)
    }

    @inline(never)
    private mutating func publish(
        _ packet: PublishPacket, by alias: UInt16, _ topic: Span<UInt8>, _ bytes: Span<UInt8>,
        on id: ConnectionID, at now: Instant, into effects: inout some Effects & ~Copyable
    ) -> Bool {
        guard let name = name(alias, topic, on: id, at: now, into: &effects) else { return true }
        return publish(
            packet, name.span, bytes, through: nil, on: id, at: now, into: &effects)
    }

    /// Gives an alias a meaning, or looks it up; nil if the publisher has broken a rule.
    /// [MQTT-3.3.2-8], [MQTT-3.3.2-12]
    @inline(never)
    private mutating func name(
        _ alias: UInt16, _ topic: Span<UInt8>, on id: ConnectionID, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) -> [UInt8]? {
        guard alias <= connections[id.index].topicAliasMax else {
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

    @_transparent
    private mutating func publish(
        _ packet: PublishPacket, _ topic: Span<UInt8>, _ bytes: Span<UInt8>, through entry: Int?,
        on id: ConnectionID, at now: Instant, into effects: inout some Effects & ~Copyable
    ) -> Bool {
        if let reason = refusal(of: packet, topic) {
            refuse(packet, reason, on: id, at: now, into: &effects)
            return true
        }
        var isTaken = true
        switch packet.qos {
        case .atMostOnce:
            isTaken = publishAtMostOnce(
                packet, topic, bytes, through: entry, on: id, at: now, into: &effects)
        case .atLeastOnce:
            isTaken = publishAtLeastOnce(
                packet, topic, bytes, through: entry, on: id, at: now, into: &effects)
        case .exactlyOnce:
            isTaken = publishExactlyOnce(packet, topic, bytes, on: id, at: now, into: &effects)
        }
        if isTaken {
            connections[id.index].isPaused = false
            noteTaken(packet.qos, packet.payload.count)
        }
        return isTaken
    }

    @inline(__always)
    private mutating func noteTaken(_ qos: QoS, _ size: Int) {
        count {
            $0.receivedMessages[qos] += 1
            $0.payloadBytesReceived += UInt64(size)
        }
    }

    /// A publisher that cannot be told loses its connection rather than the message in silence.
    @inline(never)
    private mutating func refuse(
        _ packet: PublishPacket, _ reason: ReasonCode, on id: ConnectionID, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        guard connections[id.index].version == .v5, let packetID = packet.id else {
            violated(id, reason, "PUBLISH: \(reason.name)", at: now, into: &effects)
            return
        }
        count { $0.refusedPublishes[reason] += 1 }
        let kind: PacketKind = packet.qos == .atLeastOnce ? .puback : .pubrec
        effects.acknowledge(kind, packetID, reason, to: id, from: &self)
    }

    /// There is no answer that could refuse it, so a retained one waits for room in the store.
    private mutating func publishAtMostOnce(
        _ packet: PublishPacket, _ topic: Span<UInt8>, _ bytes: Span<UInt8>, through entry: Int?,
        on id: ConnectionID, at now: Instant, into effects: inout some Effects & ~Copyable
    ) -> Bool {
        if storeIsFull || memoryIsFull, packet.retain {
            waitsForMemory = memoryIsFull
            pause(id, into: &effects)
            return false
        }
        routeNow(packet, topic, bytes, through: entry, on: id, at: now, into: &effects)
        return true
    }

    private mutating func publishAtLeastOnce(
        _ packet: PublishPacket, _ topic: Span<UInt8>, _ bytes: Span<UInt8>, through entry: Int?,
        on id: ConnectionID, at now: Instant, into effects: inout some Effects & ~Copyable
    ) -> Bool {
        switch admission(of: packet, topic, on: id, into: &effects) {
        case .welcome:
            routeNow(packet, topic, bytes, through: entry, on: id, at: now, into: &effects)
            effects.acknowledge(.puback, packet.id!, .success, to: id, from: &self)
            return true
        case .refused:
            refuse(packet, .quotaExceeded, on: id, at: now, into: &effects)
            return true
        case .later:
            return false
        }
    }

    /// [MQTT-4.3.3-8], [MQTT-4.3.3-10]
    @inline(__always)
    private mutating func publishExactlyOnce(
        _ packet: PublishPacket, _ topic: Span<UInt8>, _ bytes: Span<UInt8>, on id: ConnectionID,
        at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) -> Bool {
        let session = connections[id.index].session
        let packetID = packet.id!
        if state[session].inbound.arrival(of: packetID) == .repeated {
            // Already ours. Only the acknowledgement was lost.
            connections[id.index].inherited.remove(packetID)
            count { $0.duplicatesSuppressed += 1 }
            effects.acknowledge(.pubrec, packetID, .success, to: id, from: &self)
            return true
        }
        if state[session].unreleasedBytes >= limits.waitingBytesMax {
            // Waiting would be for ever: its PUBREL comes behind this PUBLISH.
            violated(
                id, .quotaExceeded, "too many bytes without PUBREL", at: now, into: &effects)
            return true
        }
        switch admission(of: packet, topic, on: id, into: &effects) {
        case .welcome:
            let message = makeMessage(packet, topic, bytes, isHeld: false, at: now)
            keep(message, packetID, of: session, on: id, into: &effects)
            return true
        case .refused:
            refuse(packet, .quotaExceeded, on: id, at: now, into: &effects)
            return true
        case .later:
            return false
        }
    }

    /// Keeps a QoS 2 message until its PUBREL.
    @inline(__always)
    private mutating func keep(
        _ message: MessageID, _ packetID: PacketID, of session: SessionID, on id: ConnectionID,
        into effects: inout some Effects & ~Copyable
    ) {
        record(.accepted(message, from: session, packetID), into: &effects)
        effects.acknowledge(.pubrec, packetID, .success, to: id, from: &self)
    }

    /// Hands a QoS 0 or 1 message on as it comes.
    private mutating func routeNow(
        _ packet: PublishPacket, _ topic: Span<UInt8>, _ bytes: Span<UInt8>, through entry: Int?,
        on id: ConnectionID, at now: Instant, into effects: inout some Effects & ~Copyable
    ) {
        let entry = entry ?? self.entry(of: topic)
        if pass(packet, bytes, through: entry, from: id, into: &effects) { return }
        guard packet.retain || !routes.entries[entry].isEmpty else { return }
        let message = makeMessage(packet, topic, bytes, isHeld: true, at: now)
        route(
            message, through: entry, from: connections[id.index].session, at: now, into: &effects)
        effects.letGo(message, of: &self)
    }

    /// The body is copied here and nowhere else; a large one stays where it is.
    @inline(__always)
    private mutating func makeMessage(
        _ packet: PublishPacket, _ topic: Span<UInt8>, _ bytes: Span<UInt8>, isHeld: Bool,
        at now: Instant
    ) -> MessageID {
        let draft = Self.draft(of: packet, topic, isHeld: isHeld, at: now)
        if packet.payload.count >= MessageStore.keptPayload,
            let message = keepMessage(draft, packet, topic, bytes)
        {
            return message
        }
        return state.messages.create(draft) { body in
            Self.appendHead(packet, topic, bytes, to: &body)
            body.append(bytes.extracting(packet.payload))
        }
    }

    @inline(never)
    private mutating func keepMessage(
        _ draft: MessageStore.Draft, _ packet: PublishPacket, _ topic: Span<UInt8>,
        _ bytes: Span<UInt8>
    ) -> MessageID? {
        state.messages.keep(draft) { Self.appendHead(packet, topic, bytes, to: &$0) }
    }

    @inline(__always)
    private static func draft(
        of packet: PublishPacket, _ topic: Span<UInt8>, isHeld: Bool, at now: Instant
    ) -> MessageStore.Draft {
        let expires = packet.properties.messageExpiry.map { now + .seconds(Int64($0)) }
        return MessageStore.Draft(
            qos: packet.qos, retain: packet.retain, isHeld: isHeld,
            expires: expires ?? .distantFuture, topicCount: topic.count,
            propertiesCount: packet.properties.forwardableCount,
            payloadCount: packet.payload.count)
    }

    /// What a body has in front of its payload.
    @inline(__always)
    private static func appendHead(
        _ packet: PublishPacket, _ topic: Span<UInt8>, _ bytes: Span<UInt8>,
        to body: inout OutputRawSpan
    ) {
        body.append(topic)
        if packet.properties.forwardableCount > 0 {
            appendProperties(of: packet, bytes, to: &body)
        }
    }

    @inline(never)
    private static func appendProperties(
        of packet: PublishPacket, _ bytes: Span<UInt8>, to body: inout OutputRawSpan
    ) {
        packet.properties.appendForwardable(from: bytes, to: &body)
    }
}
