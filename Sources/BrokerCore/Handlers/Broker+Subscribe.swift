// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE and UNSUBSCRIBE. The retained messages that a subscription brings are in Broker+Welcome.
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
        var welcome: [Details.Filter] = []
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
            var filter = Details.Filter(
                text: text.indices.map { text[$0] }, options: options,
                identifier: packet.subscriptionIdentifier ?? 0)
            let isNew = subscribe(session, filter, into: &effects)
            reasons.append(ReasonCode(options.maximumQoS.rawValue))
            if request.topicFilter?.isShared == false, wantsRetained(options, isNew) {
                filter.owesRetained = isNew
                welcome.append(filter)
            }
        }
        self.welcome(
            welcome, answering: .suback(packet.id, reasons), on: id, at: now, into: &effects)
    }

    private func refusal(
        of request: SubscribeRequest, _ bytes: Span<UInt8>, on id: ConnectionID
    ) -> ReasonCode? {
        guard let filter = request.topicFilter else { return .topicFilterInvalid }
        let session = connections[id.index].session
        let text = bytes.extracting(filter.text)
        guard limits.allow(topic: text) else { return .topicFilterInvalid }
        // Retained messages would make the queue longer each time.
        let welcome = connections[id.index].welcome?.found.count ?? 0
        if isFull(session) || welcome >= limits.waitingMax { return .quotaExceeded }
        guard state[session].subscriptions.count >= limits.subscriptionsMax else { return nil }
        return state.subscriptions.subscription(of: session, to: text) == nil ? .quotaExceeded : nil
    }

    /// True if the session had no subscription to an equal filter, or one whose SUBSCRIBE came to no end.
    private mutating func subscribe(
        _ session: SessionID, _ filter: Details.Filter, into effects: inout some Effects & ~Copyable
    ) -> Bool {
        let old = state.subscriptions.subscription(of: session, to: filter.text.span)
        let isNew = old?.owesRetained ?? true
        record(.subscribed(session, detail: details.add(filter)), into: &effects)
        effects.tell(
            .subscribed(
                state[session].client, filter: String(decoding: filter.text, as: UTF8.self),
                filter.options.maximumQoS))
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
