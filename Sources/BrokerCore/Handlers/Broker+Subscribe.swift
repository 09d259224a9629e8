// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE and UNSUBSCRIBE, and the retained messages that a new subscription brings.
import MQTT

extension Broker {
    /// [MQTT-3.8.4-1], [MQTT-3.8.4-5]: as if each filter had come alone, with one SUBACK.
    package mutating func subscribe(
        _ packet: SubscribePacket, _ bytes: Span<UInt8>, on id: ConnectionID, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        if state.isCrowded {
            state.sweep()
            routes.removeAll()
        }
        let session = connections[id.index].session
        let qosMax = connections[id.index].qosMax
        var reasons: [ReasonCode] = []
        var welcome: [(filter: Range<Int>, identifier: UInt32, options: SubscriptionOptions)] = []
        var requests = packet.requests.makeIterator()
        while let request = requests.next(in: bytes) {
            let text = bytes.extracting(request.filter)
            if let reason = refusal(of: request, bytes, on: id) {
                let filter = String(copying: text)
                count { $0.refusedSubscriptions[reason] += 1 }
                effects.tell(.subscriptionRefused(state[session].client, filter: filter, reason))
                reasons.append(connections[id.index].version == .v5 ? reason : .unspecifiedError)
                continue
            }
            var options = request.options
            options.maximumQoS = min(options.maximumQoS, qosMax)  // [MQTT-3.2.2-10]
            let identifier = packet.subscriptionIdentifier ?? 0
            let isNew = subscribe(session, text, options, identifier, into: &effects)
            reasons.append(ReasonCode(options.maximumQoS.rawValue))
            if request.topicFilter?.isShared == false, wantsRetained(options, isNew) {
                welcome.append((request.filter, identifier, options))
            }
        }
        effects.answer(.suback(packet.id, reasons), to: id, from: &self)
        for (filter, identifier, options) in welcome {
            sendRetained(
                to: session, matching: bytes.extracting(filter), options, identifier, at: now,
                into: &effects)
            sendSys(
                to: session, matching: bytes.extracting(filter), identifier, at: now,
                into: &effects)
        }
        sendWelcome(on: id, at: now, into: &effects)
    }

    private func refusal(
        of request: SubscribeRequest, _ bytes: Span<UInt8>, on id: ConnectionID
    ) -> ReasonCode? {
        guard let filter = request.topicFilter else { return .topicFilterInvalid }
        let session = connections[id.index].session
        let text = bytes.extracting(filter.text)
        guard limits.allow(topic: text) else { return .topicFilterInvalid }
        // Retained messages would make the queue longer each time.
        let welcome = connections[id.index].welcome.count
        if isFull(session) || welcome >= limits.waitingMax { return .quotaExceeded }
        guard state[session].subscriptions.count >= limits.subscriptionsMax else { return nil }
        return state.subscriptions.subscription(of: session, to: text) == nil ? .quotaExceeded : nil
    }

    /// True if the session had no subscription to an equal filter.
    private mutating func subscribe(
        _ session: SessionID, _ text: Span<UInt8>, _ options: SubscriptionOptions,
        _ identifier: UInt32, into effects: inout some Effects & ~Copyable
    ) -> Bool {
        let filter = Details.Filter(
            text: text.indices.map { text[$0] }, options: options, identifier: identifier)
        let isNew = state.subscriptions.subscription(of: session, to: text) == nil
        record(.subscribed(session, detail: details.add(filter)), into: &effects)
        effects.tell(
            .subscribed(
                state[session].client, filter: String(decoding: filter.text, as: UTF8.self),
                options.maximumQoS))
        return isNew
    }

    /// [MQTT-3.3.1-9], [MQTT-3.3.1-10], [MQTT-3.3.1-11]
    private func wantsRetained(_ options: SubscriptionOptions, _ isNew: Bool) -> Bool {
        switch options.retainHandling {
        case .send: true
        case .sendIfNew: isNew
        case .doNotSend: false
        }
    }

    private mutating func sendRetained(
        to session: SessionID, matching filter: Span<UInt8>, _ options: SubscriptionOptions,
        _ identifier: UInt32, at now: Instant, into effects: inout some Effects & ~Copyable
    ) {
        guard let connection = state[session].connection else { return }
        var found: [MessageID] = []
        state.retained.forEachMatch(filter: filter) { found.append($0) }
        let identifiers = state.identifierLists.number(of: identifier == 0 ? [] : [identifier])
        for message in found where state.messages[message].expires > now {
            let delivery = Delivery(
                message: message, identifiers: identifiers,
                qos: outgoingQoS(of: message, granted: options.maximumQoS),
                retain: true)  // [MQTT-3.3.1-8]
            if delivery.qos == .atMostOnce {
                state.messages.hold(message)
                connections[connection.index].welcome.append(delivery)
                continue
            }
            let start = details.beginReceivers()
            choose(session, delivery, besides: start, at: now, into: &effects)
            let receivers = details.receivers(from: start)
            guard receivers.count > 0 else { continue }
            record(.routed(message, retains: false, receivers: receivers), into: &effects)
            deliver(receivers, into: &effects)
        }
    }

    /// Sends retained messages of QoS 0 as its output has room for them: nothing else bounds them.
    mutating func sendWelcome(
        on id: ConnectionID, at now: Instant, into effects: inout some Effects & ~Copyable
    ) {
        var room = limits.outputBytesMax / 2
        while room > 0, let delivery = connections[id.index].welcome.popFirst() {
            room -= sendWelcome(delivery, on: id, at: now, into: &effects)
            effects.letGo(delivery.message, of: &self)
        }
    }

    /// Returns how much of the room it took.
    private mutating func sendWelcome(
        _ delivery: Delivery, on id: ConnectionID, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) -> Int {
        // What came meanwhile is younger than it.
        guard state.isRetained(delivery.message), state.messages[delivery.message].expires > now
        else { return 0 }
        guard fits(delivery, id) else {
            drop(
                delivery.message, .tooLarge, of: connections[id.index].session, into: &effects)
            return 0
        }
        count { $0.deliveredMessages[.atMostOnce] += 1 }
        effects.deliver(delivery, nil, isRepeat: false, to: id, from: &self)
        return state.messages[delivery.message].bodyCount + Self.packetOverhead
    }

    /// About what a PUBLISH is larger than its message.
    private static var packetOverhead: Int { 16 }

    /// [MQTT-3.10.4-1], [MQTT-3.10.4-4]
    package mutating func unsubscribe(
        _ packet: UnsubscribePacket, _ bytes: Span<UInt8>, on id: ConnectionID,
        into effects: inout some Effects & ~Copyable
    ) {
        let session = connections[id.index].session
        var reasons: [ReasonCode] = []
        var filters = packet.filters.makeIterator()
        while let range = filters.next(in: bytes) {
            let text = range.map { bytes[$0] }
            guard let old = state.subscriptions.subscription(of: session, to: text.span) else {
                reasons.append(.noSubscriptionExisted)
                continue
            }
            let detail = details.add(
                Details.Filter(text: text, options: old.options, identifier: old.identifier))
            record(.unsubscribed(session, detail: detail), into: &effects)
            effects.tell(
                .unsubscribed(
                    state[session].client, filter: String(decoding: text, as: UTF8.self)))
            reasons.append(.success)
        }
        effects.answer(.unsuback(packet.id, reasons), to: id, from: &self)
        resumePaused(into: &effects)
    }
}

extension String {
    /// Text for people: ill-formed bytes are shown as such.
    init(copying bytes: Span<UInt8>) {
        self = unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe String(decoding: bytes, as: UTF8.self)
        }
    }
}
