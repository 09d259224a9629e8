// SPDX-License-Identifier: Apache-2.0
// Effects carried out, in order: one flat switch, a line or two per case.
import Journal
import MQTT

extension Engine {
    /// Payloads from here on are not copied into the output but gathered from the store: below,
    /// a copy is cheaper than two more pieces for the kernel.
    private static var gatheredPayload: Int { 8192 }

    /// Carries out and clears the effects of one event.
    mutating func perform(at now: Instant) {
        eventIsDurable = false
        var index = 0
        while index < effects.effects.count {  // One may bring others.
            perform(effects.effects[index], at: now)
            index += 1
        }
        effects.removeAll()
    }

    @inline(__always)
    private mutating func perform(_ effect: Effect, at now: Instant) {
        switch effect {
        case .record(let fact, let isDurable): record(fact, isDurable)
        case .acknowledge(let kind, let packet, let reason, let id):
            acknowledge(kind, packet, reason, to: id, at: now)
        case .deliver(let delivery, let packet, let isRepeat, let id):
            deliver(delivery, packet, isRepeat, to: id, at: now)
        case .letGo(let message): broker.state.messages.release(message)
        case .answer, .pong, .disconnect, .close, .pauseReading, .resumeReading, .setDeadline,
            .tell:
            performRare(effect, at: now)
        }
    }

    /// What does not come with each message stays out of the way of what does.
    @inline(never)
    private mutating func performRare(_ effect: Effect, at now: Instant) {
        switch effect {
        case .answer(let index, let id): send(effects.answers[Int(index)], to: id, at: now)
        case .pong(let id): sendPong(to: id)
        case .disconnect(let reason, let id): disconnect(reason, id)
        case .close(let id): close(id)
        case .pauseReading(let id): command(.pauseReading(id))
        case .resumeReading(let id): command(.resumeReading(id))
        case .setDeadline(let deadline, let at): command(.setDeadline(deadline, at))
        case .tell(let index): command(.tell(effects.notes[Int(index)]))
        case .record, .acknowledge, .deliver, .letGo:
            preconditionFailure("a frequent effect among the rare ones")
        }
    }

    private mutating func close(_ id: ConnectionID) {
        outlets[id.index].isClosing = true
        outlets[id.index].isDeaf = true
        if outlets[id.index].isVoid { dropOutput(of: id) }
        list(id)
    }

    private mutating func record(_ fact: Fact, _ isDurable: Bool) {
        if isDurable {
            eventIsDurable = true
            broker.state.encode(fact, effects.details, into: &journal)
        }
        if case .ended(let session) = fact { trace.forget(session) }
    }

    private mutating func acknowledge(
        _ kind: PacketKind, _ packet: PacketID, _ reason: ReasonCode, to id: ConnectionID,
        at now: Instant
    ) {
        traceStep(.sent, kind, packet, reason, id, at: now)
        guard reason == .success else {
            refuse(kind, packet, reason, to: id, at: now)
            return
        }
        list(id)
        broker.count { $0.sentPackets[kind] += 1 }
        let gate = follows(id) ? journal.tail : .none
        outlets[id.index].acknowledge(kind, packet, behind: gate, journal.durable)
    }

    /// Whether what is said may follow from a fact that is on its way to the disk: one of this event, or
    /// an earlier one of a session that has any. To sessions that end with their connections nothing
    /// else was ever promised, and they wait for nobody's disk.
    @inline(__always)
    private func follows(_ id: ConnectionID) -> Bool {
        eventIsDurable || outlets[id.index].isDurable
    }

    /// Whoever loses a message hears why in words too, if he wants them and they fit.
    /// [MQTT-3.4.2-2], [MQTT-3.5.2-2], [MQTT-3.1.2-29]
    @inline(never)
    private mutating func refuse(
        _ kind: PacketKind, _ packet: PacketID, _ reason: ReasonCode, to id: ConnectionID,
        at now: Instant
    ) {
        var encoder = AcknowledgementEncoder(version(of: id), kind, packet, reason)
        let losesMessage = kind == .puback || kind == .pubrec
        if losesMessage, broker.connections[id.index].wantsProblemInformation {
            encoder.reasonString = reason.name
            encoder.fit(broker.connections[id.index].packetSizeMax)
        }
        send(encoder, to: id, at: now)
    }

    private mutating func deliver(
        _ delivery: Delivery, _ packet: PacketID?, _ isRepeat: Bool, to id: ConnectionID,
        at now: Instant
    ) {
        traceDelivery(delivery, packet, isRepeat, id, at: now)
        let head = PublishHead(
            qos: delivery.qos, duplicate: isRepeat, retain: delivery.retain, id: packet)
        let topicCount = Int(broker.state.messages[delivery.message].topicCount)
        if version(of: id) == .v5 {
            deliver(delivery, head, topicCount, to: id, at: now)
        } else {
            send(head, .v311, delivery.message, topicCount, Span(), to: id)
        }
    }

    /// Only MQTT 5.0 has a place for the rest of what may be said.
    @inline(never)
    private mutating func deliver(
        _ delivery: Delivery, _ head: PublishHead, _ topicCount: Int, to id: ConnectionID,
        at now: Instant
    ) {
        var head = head
        let identifiers = broker.state.identifierLists.list(delivery.identifiers)
        let alias = alias(of: delivery, to: id)
        head.messageExpiry = remainingExpiry(of: delivery.message, at: now)
        head.topicAlias = alias?.number
        let isKnown = alias?.isKnown == true
        send(
            head, .v5, delivery.message, isKnown ? 0 : topicCount, identifiers.span, to: id)
    }

    /// PUBLISH; `topicCount` is 0 where an alias says it all.
    @inline(__always)
    private mutating func send(
        _ head: PublishHead, _ version: ProtocolVersion, _ message: MessageID, _ topicCount: Int,
        _ identifiers: Span<UInt32>, to id: ConnectionID
    ) {
        let sizes = broker.state.messages[message].sizes
        let encoder = PublishEncoder(
            head, version, topicCount: topicCount, subscriptionIdentifiers: identifiers,
            forwardableCount: sizes.properties, payloadCount: sizes.payload)
        broker.count {
            $0.sentPackets[.publish] += 1
            $0.payloadBytesSent += UInt64(sizes.payload)
        }
        list(id)
        let isGathered = sizes.payload >= Self.gatheredPayload
        let size = isGathered ? encoder.encodedSize : encoder.packetSize
        outlets[id.index].output.append(
            atMost: size, behind: gate(of: message, head.qos, to: id), durable: journal.durable
        ) { out in
            encoder.encode(
                topic: broker.state.messages[message].topic.extracting(first: topicCount),
                subscriptionIdentifiers: identifiers,
                forwardable: broker.state.messages[message].properties, into: &out)
            if !isGathered { out.append(broker.state.messages[message].payload) }
        }
        if isGathered { attachPayload(of: message, to: id) }
        noteCongestion(of: id)
    }

    /// The alias that stands for the topic, where the client allows one; it takes more room the
    /// first time, which the client may not have. [MQTT-3.3.2-11]
    private mutating func alias(
        of delivery: Delivery, to id: ConnectionID
    ) -> OutgoingAliases.Alias? {
        let maximum = broker.connections[id.index].outgoingAliasMax
        guard maximum > 0 else { return nil }
        let topic = unsafe broker.state.messages[delivery.message].topicMemory
        // An alias takes three bytes, and perhaps one more of the length of the properties: what
        // it stands for must be longer, or the packet could become too large by it.
        let hasLimit = broker.connections[id.index].packetSizeMax < .max
        guard topic.count > 3 || !hasLimit else { return nil }
        let mayBeNew = broker.fits(delivery, id, withAlias: true)
        return unsafe outlets[id.index].aliases.alias(
            of: topic.span, atMost: maximum, mayBeNew: mayBeNew, seed: broker.seed)
    }

    /// What goes from QoS 0 to QoS 0 promises nothing and waits for nothing. A message that the journal
    /// has may have waited here while its release is on its way to the disk.
    @inline(__always)
    private func gate(of message: MessageID, _ qos: QoS, to id: ConnectionID) -> Gate {
        let isPromise = qos > .atMostOnce || broker.state.messages[message].qos > .atMostOnce
        guard isPromise, follows(id) || broker.state.messages[message].isJournalled else {
            return .none
        }
        return journal.tail
    }

    private mutating func attachPayload(of message: MessageID, to id: ConnectionID) {
        broker.state.messages.hold(message)
        unsafe outlets[id.index].output.attach(
            broker.state.messages[message].payloadMemory, token: message.place)
    }

    /// Message Expiry as received, less the time waited here. [MQTT-3.3.2-6]
    private func remainingExpiry(of message: MessageID, at now: Instant) -> UInt32? {
        let expires = broker.state.messages[message].expires
        guard expires != .distantFuture else { return nil }
        let left = (expires - now).wholeNanoseconds
        return UInt32(clamping: max(0, (left + 999_999_999) / 1_000_000_000))
    }

    @inline(__always)
    private mutating func noteCongestion(of id: ConnectionID) {
        if outlets[id.index].output.pendingBytes > broker.limits.outputBytesMax { congested(id) }
    }

    @inline(never)
    private mutating func congested(_ id: ConnectionID) {
        guard !outlets[id.index].isCongested else { return }
        outlets[id.index].isCongested = true
        broker.congested(id)
    }

    private mutating func send(_ answer: Answer, to id: ConnectionID, at now: Instant) {
        let version = version(of: id)
        switch answer {
        case .suback(let packet, let reasons):
            send(SubackEncoder(version, packet, reasons), to: id, at: now)
        case .unsuback(let packet, let reasons):
            send(UnsubackEncoder(version, packet, reasons), to: id, at: now)
        case .connack(let connack):
            guard let encoder = encoder(of: connack, version, to: id) else { return }
            outlets[id.index].isDurable = isDurable(id)
            guard !append(encoder, to: id) else { return }
            // Nothing may come before it, and resends stand behind it. [MQTT-3.2.0-1]
            outlets[id.index].isVoid = true
            broker.leave(id, .violated(Self.doesNotFit(.connack)), at: now, into: &effects)
        }
    }

    private func isDurable(_ id: ConnectionID) -> Bool {
        guard broker.connections[id.index].phase == .open else { return false }
        return broker.state[broker.connections[id.index].session].isJournalled
    }

    private static func doesNotFit(_ kind: PacketKind) -> String {
        "\(kind) does not fit into its maximum packet size"
    }

    /// Nil where MQTT 3.1.1 has no code for the reason. [MQTT-3.2.2-6]
    private func encoder(
        of connack: Answer.Connack, _ version: ProtocolVersion, to id: ConnectionID
    ) -> ConnackEncoder? {
        guard connack.reason == .success else {
            var encoder = ConnackEncoder(refusing: version, connack.reason)
            encoder?.reasonString = connack.explanation
            encoder?.fit(broker.connections[id.index].packetSizeMax)
            return encoder
        }
        var encoder = ConnackEncoder(accepting: version, sessionPresent: connack.sessionPresent)
        encoder.assignedClientID = connack.assignedClient
        encoder.sessionExpiry = connack.sessionExpiry?.seconds
        encoder.serverKeepAlive = connack.serverKeepAlive
        encoder.receiveMaximum = connack.receiveMaximum == .max ? nil : connack.receiveMaximum
        encoder.maximumPacketSize = connack.maximumPacketSize
        let aliasMax = broker.connections[id.index].topicAliasMax
        encoder.topicAliasMaximum = aliasMax == 0 ? nil : aliasMax
        encoder.retainAvailable = broker.limits.retainAvailable ? nil : false
        encoder.maximumQoS = broker.connections[id.index].qosMax
        encoder.responseInformation = connack.responseInformation
        return encoder
    }

    /// An answer that the client does not take ends the connection: without it, it would wait for
    /// ever. [MQTT-3.1.2-24]
    private mutating func send(
        _ encoder: some PacketEncoder, to id: ConnectionID, at now: Instant
    ) {
        if !append(encoder, to: id), broker.connections[id.index].phase != .closing {
            broker.violated(
                id, .packetTooLarge, Self.doesNotFit(encoder.kind), at: now, into: &effects)
        }
    }

    /// False if the client does not take a packet of that size.
    private mutating func append(_ encoder: some PacketEncoder, to id: ConnectionID) -> Bool {
        let size = encoder.encodedSize
        guard size <= Int(broker.connections[id.index].packetSizeMax) else { return false }
        broker.count { $0.sentPackets[encoder.kind] += 1 }
        list(id)
        outlets[id.index].output.append(
            atMost: size, behind: journal.tail, durable: journal.durable
        ) { encoder.encode(into: &$0) }
        return true
    }

    private mutating func sendPong(to id: ConnectionID) {
        broker.count { $0.sentPackets[.pingresp] += 1 }
        list(id)
        outlets[id.index].output.append(
            atMost: 2, behind: .none, durable: journal.durable
        ) { $0.append(word: PingPacket.shortForm(.pingresp)) }
    }

    private mutating func disconnect(_ reason: ReasonCode, _ id: ConnectionID) {
        guard version(of: id) == .v5 else { return }
        var encoder = DisconnectEncoder(.v5, reason)
        // Some clients show the reason's text and not its code.
        encoder.reasonString = reason.name
        if reason == .useAnotherServer { encoder.serverReference = broker.limits.serverReference }
        encoder.fit(broker.connections[id.index].packetSizeMax)  // [MQTT-3.14.2-3]
        // The end of the connection says it where this does not fit.
        _ = append(encoder, to: id)
    }

    @inline(__always)
    private func version(of id: ConnectionID) -> ProtocolVersion {
        broker.connections[id.index].version
    }
}
