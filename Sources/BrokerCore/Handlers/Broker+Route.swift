// SPDX-License-Identifier: Apache-2.0
// From one message to its receivers: who gets it, at which QoS, under which identifier. Called
// for QoS 0 and 1 at PUBLISH, for QoS 2 at PUBREL, and for wills.
import MQTT

extension Broker {
    /// The entry of the routes that the message takes.
    @inline(__always)
    mutating func entry(of message: MessageID) -> Int {
        let topic = unsafe state.messages[message].topicMemory
        return entry(of: unsafe topic.span)
    }

    @inline(__always)
    mutating func entry(of topic: Span<UInt8>) -> Int {
        lastEntry(of: topic) ?? findEntry(of: topic)
    }

    @inline(never)
    private mutating func findEntry(of topic: Span<UInt8>) -> Int {
        routes.known(topic, at: state.subscriptions.epoch) ?? resolve(topic)
    }

    /// Nil if it was not the last that was asked for. A topic that has an entry is valid.
    @inline(__always)
    func lastEntry(of topic: Span<UInt8>) -> Int? {
        routes.lastEntry(of: topic, at: state.subscriptions.epoch)
    }

    private mutating func resolve(_ topic: Span<UInt8>) -> Int {
        routes.resolve(topic, state.subscriptions, &state.identifierLists)
    }

    /// Hands a QoS 0 or 1 message, or a will, to the routes of its topic.
    mutating func route(
        _ message: MessageID, through entry: Int, from publisher: SessionID?, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        let receivers = chooseReceivers(
            of: message, through: entry, from: publisher, at: now, into: &effects)
        let retains = state.messages[message].retain
        if retains || receivers.count > 0 {
            record(.routed(message, retains: retains, receivers: receivers), into: &effects)
        }
        if retains { armRetained(into: &effects) }
        deliver(receivers, into: &effects)
    }

    /// Chooses receivers and identifiers and lists them in the details. Who gets the message at
    /// QoS 0 is sent to here: nothing durable comes of it.
    mutating func chooseReceivers(
        of message: MessageID, through entry: Int, from publisher: SessionID?, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) -> Details.Receivers {
        let start = details.beginReceivers()
        for index in routes.entries[entry].routes.indices {
            let route = routes.entries[entry].routes[index]
            guard let grant = route.grant(from: publisher) else { continue }
            let delivery = Delivery(
                message: message, identifiers: grant.identifiers,
                qos: outgoingQoS(of: message, granted: grant.qos),
                retain: state.messages[message].retain && grant.retainAsPublished)
            choose(route.session, delivery, besides: start, at: now, into: &effects)
        }
        for share in routes.entries[entry].shares {
            chooseMember(of: share, for: message, besides: start, at: now, into: &effects)
        }
        return details.receivers(from: start)
    }

    /// The lower of what was published and what was granted, unless the operator wants the latter.
    /// [MQTT-3.8.4-8]
    @inline(__always)
    func outgoingQoS(of message: MessageID, granted: QoS) -> QoS {
        let isUpgraded = limits.upgradesOutgoingQoS && !state.messages[message].isFleeting
        return isUpgraded ? granted : min(granted, state.messages[message].qos)
    }

    /// Lists one receiver, or sends to it at once if its QoS is 0. The list begins at `start`.
    @inline(__always)
    mutating func choose(
        _ session: SessionID, _ delivery: Delivery, besides start: Int, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        // It may have waited for PUBREL. An expiry of 0 is for those who are there. [MQTT-3.3.2-5]
        if state.messages[delivery.message].expires < now {
            drop(delivery.message, .expired, of: session, into: &effects)
            return
        }
        if delivery.qos == .atMostOnce, !waits(delivery, session) {
            sendUnacknowledged(delivery, to: session, into: &effects)
            return
        }
        // Mostly nothing waits, and no limit is 0.
        if !state[session].waiting.isEmpty, isFull(session) {
            guard makeRoom(for: delivery, in: session, into: &effects) else { return }
        }
        let isDurable = state[session].isJournalled
        var id: PacketID?
        if let line = readyLine(of: session) {
            // Nobody would come back for it if it waited. [MQTT-3.1.2-25]
            guard fits(delivery, line) else {
                drop(delivery.message, .tooLarge, of: session, into: &effects)
                return
            }
            let chosen = details.identifiers(
                chosenFor: delivery, to: session, from: start)
            id = nextID(of: session, on: line, besides: chosen)
        }
        details.add(
            Receiver(session: session, delivery: delivery, id: id, isDurable: isDurable))
    }

    /// The connection of a session for which nothing waits but, at most, its window.
    @inline(__always)
    func readyLine(of session: SessionID) -> ConnectionID? {
        guard let connection = state[session].connection, state[session].waiting.isEmpty,
            !connections[connection.index].isCongested
        else { return nil }
        return connection
    }

    /// The identifier that its next delivery takes; nil while its window is full. `chosen` are
    /// those that it takes before.
    @inline(__always)
    func nextID(
        of session: SessionID, on connection: ConnectionID,
        besides chosen: (count: Int, last: PacketID?) = (0, nil)
    ) -> PacketID? {
        guard state[session].inFlightBytes < limits.inFlightBytesMax else { return nil }
        let limit = Int(connections[connection.index].sendLimit) - chosen.count
        return state[session].outbound.nextID(limit: limit, after: chosen.last)
    }

    /// Nothing more may wait for this session.
    @inline(__always)
    func isFull(_ session: SessionID) -> Bool {
        state[session].waiting.count >= limits.waitingMax
            || state[session].waitingBytes >= limits.waitingBytesMax
    }

    private func waits(_ delivery: Delivery, _ session: SessionID) -> Bool {
        queuesQoS0(session) && !state.messages[delivery.message].isFleeting
    }

    /// Whether QoS 0 waits: behind others that wait, or for a durable session that is away, where the
    /// operator wants it.
    @inline(__always)
    func queuesQoS0(_ session: SessionID) -> Bool {
        limits.queuesQoS0 && state[session].isJournalled
            && (state[session].connection == nil || !state[session].waiting.isEmpty)
    }

    /// Whether the packet is within what the client takes and the protocol can express.
    /// [MQTT-3.1.2-24]
    @inline(__always)
    func fits(
        _ delivery: Delivery, _ connection: ConnectionID, withAlias: Bool = false
    ) -> Bool {
        let limit = connections[connection.index].packetSizeMax
        // Nearly all are so far within both that nothing has to be counted.
        let isFarWithin = limit == .max && state.messages[delivery.message].bodyCount < 1 << 27
        return isFarWithin || counted(delivery, connection, limit, withAlias)
    }

    @inline(never)
    private func counted(
        _ delivery: Delivery, _ connection: ConnectionID, _ limit: UInt32, _ withAlias: Bool
    ) -> Bool {
        let message = delivery.message
        let identifiers = state.identifierLists.list(delivery.identifiers)
        let head = PublishHead(
            qos: delivery.qos, id: delivery.qos == .atMostOnce ? nil : 1,
            messageExpiry: state.messages[message].expires == .distantFuture ? nil : 0,
            topicAlias: withAlias ? 1 : nil)
        return PublishEncoder(
            head, connections[connection.index].version,
            topicCount: Int(state.messages[message].topicCount),
            subscriptionIdentifiers: identifiers.span,
            forwardableCount: Int(state.messages[message].propertiesCount),
            payloadCount: state.messages[message].payloadCount
        ).fits(limit == .max ? nil : limit)
    }

    private mutating func sendUnacknowledged(
        _ delivery: Delivery, to session: SessionID, into effects: inout some Effects & ~Copyable
    ) {
        guard let connection = state[session].connection else { return }
        if connections[connection.index].isCongested {
            drop(delivery.message, .congested, of: session, into: &effects)
        } else if !fits(delivery, connection) {
            drop(delivery.message, .tooLarge, of: session, into: &effects)  // [MQTT-3.1.2-25]
        } else {
            var delivery = delivery
            delivery.qos = .atMostOnce
            count { $0.deliveredMessages[.atMostOnce] += 1 }
            effects.deliver(delivery, nil, isRepeat: false, to: connection, from: &self)
        }
    }

    /// False if the newcomer itself is dropped.
    @inline(never)
    private mutating func makeRoom(
        for delivery: Delivery, in session: SessionID, into effects: inout some Effects & ~Copyable
    ) -> Bool {
        switch limits.overflow {
        case .refuse:
            // What has an answer was refused when it arrived, or is ours already.
            if state.messages[delivery.message].qos > .atMostOnce { return true }
        case .dropNewest: break
        case .dropOldest:
            while isFull(session), let oldest = state[session].waiting.first {
                drop(oldest.message, .queueFull, of: session, into: &effects)
                record(.dropped(session, .queueFull), into: &effects)
            }
            if !isFull(session) { return true }
        }
        drop(delivery.message, .queueFull, of: session, into: &effects)
        return false
    }

    /// Counts a drop and tells it; the state is the caller's.
    @inline(never)
    mutating func drop(
        _ message: MessageID, _ reason: DropReason, of session: SessionID,
        into effects: inout some Effects & ~Copyable
    ) {
        count { $0.dropped[Int(reason.rawValue)] += 1 }
        effects.tell(
            .dropped(
                reason, client: state[session].client, message: label(of: message), count: 1))
    }

    /// Sends to those receivers whose window was open.
    @inline(__always)
    mutating func deliver(
        _ receivers: Details.Receivers, into effects: inout some Effects & ~Copyable
    ) {
        for at in receivers.range {
            let receiver = details.receivers[at]
            guard let id = receiver.id, let connection = state[receiver.session].connection
            else { continue }
            effects.deliver(receiver.delivery, id, isRepeat: false, to: connection, from: &self)
        }
    }

    /// Resends what this connection still owes, then gives waiting deliveries their identifiers,
    /// as far as the window allows.
    @inline(__always)
    mutating func fillWindow(
        _ session: SessionID, on connection: ConnectionID, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        if state[session].isBehind { catchUp(session, on: connection, at: now, into: &effects) }
    }

    private mutating func catchUp(
        _ session: SessionID, on connection: ConnectionID, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        let wasFull = !paused.isEmpty && isFull(session)
        if state[session].outbound.owesResends {
            resend(session, on: connection, into: &effects)
        }
        while let delivery = state[session].waiting.first,
            !connections[connection.index].isCongested
        {
            let id = nextID(of: session, on: connection)
            if id == nil, delivery.qos > .atMostOnce { break }
            if let reason = whyNot(delivery, connection, at: now) {
                giveUp(delivery, reason, of: session, into: &effects)
            } else if let id, delivery.qos > .atMostOnce {
                sendOldest(delivery, id, of: session, on: connection, into: &effects)
            } else {
                sendOnce(delivery, of: session, on: connection, into: &effects)
            }
        }
        if wasFull, !isFull(session) { resumePaused(into: &effects) }
    }

    /// The oldest waiting delivery takes its identifier.
    @inline(__always)
    private mutating func sendOldest(
        _ delivery: Delivery, _ id: PacketID, of session: SessionID, on connection: ConnectionID,
        into effects: inout some Effects & ~Copyable
    ) {
        record(.sent(session, id), into: &effects)
        effects.deliver(delivery, id, isRepeat: false, to: connection, from: &self)
    }

    @inline(never)
    private mutating func resend(
        _ session: SessionID, on connection: ConnectionID,
        into effects: inout some Effects & ~Copyable
    ) {
        let limit = Int(connections[connection.index].sendLimit)
        while !connections[connection.index].isCongested,
            let (id, flight) = state[session].outbound.nextResend(limit: limit)
        {
            guard fits(flight.held, connection) else {
                drop(flight.held.message, .tooLarge, of: session, into: &effects)
                record(.completed(session, id), into: &effects)
                continue
            }
            effects.deliver(flight.held, id, isRepeat: true, to: connection, from: &self)
        }
    }

    /// The oldest waiting delivery.
    @inline(never)
    private mutating func giveUp(
        _ delivery: Delivery, _ reason: DropReason, of session: SessionID,
        into effects: inout some Effects & ~Copyable
    ) {
        drop(delivery.message, reason, of: session, into: &effects)
        record(.dropped(session, reason), into: &effects)
    }

    /// The oldest waiting delivery has QoS 0: nobody holds its message once it was sent.
    @inline(never)
    private mutating func sendOnce(
        _ delivery: Delivery, of session: SessionID, on connection: ConnectionID,
        into effects: inout some Effects & ~Copyable
    ) {
        state.messages.hold(delivery.message)
        record(.sentOnce(session), into: &effects)
        count { $0.deliveredMessages[.atMostOnce] += 1 }
        effects.deliver(delivery, nil, isRepeat: false, to: connection, from: &self)
        effects.letGo(delivery.message, of: &self)
    }

    @inline(__always)
    private func whyNot(
        _ delivery: Delivery, _ connection: ConnectionID, at now: Instant
    ) -> DropReason? {
        if state.messages[delivery.message].expires <= now { return .expired }
        return fits(delivery, connection) ? nil : .tooLarge
    }
}
