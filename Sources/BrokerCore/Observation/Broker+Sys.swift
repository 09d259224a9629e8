// SPDX-License-Identifier: Apache-2.0
// Who gets the values of `$SYS`: a new subscription all that it matches, the others what has changed
// since the last interval. It goes out at QoS 0 to those who are there, so that it is never queued
// and never a fact.
import Journal
import MQTT

extension Broker {
    /// Begins to renew the values, or ends it, as the limits say.
    mutating func armSys(at now: Instant, into effects: inout some Effects & ~Copyable) {
        guard limits.sysInterval > .zero else {
            sys.removeAll()
            effects.setDeadline(.sys, nil)
            return
        }
        effects.setDeadline(.sys, sys.topics.isEmpty ? now : now + limits.sysInterval)
    }

    mutating func sysDue(
        _ figures: SysFigures, at now: Instant, into effects: inout some Effects & ~Copyable
    ) {
        guard limits.sysInterval > .zero else { return }
        let changed = sys.update(figures, at: now)
        for place in changed {
            let topic = sys.topics[place]
            tellSubscribers(topic.name, topic.text, isRetained: true, at: now, into: &effects)
        }
        effects.setDeadline(.sys, now + limits.sysInterval)
    }

    /// What the broker itself has to say, to those who have subscribed to it and are there.
    mutating func tellSubscribers(
        _ topic: [UInt8], _ text: [UInt8], isRetained: Bool, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        let entry = entry(of: topic.span)
        guard !routes.entries[entry].isEmpty else { return }
        let message = makeFleeting(topic, text, isRetained: isRetained)
        let receivers = chooseReceivers(
            of: message, through: entry, from: nil, at: now, into: &effects)
        precondition(receivers.count == 0, "a value of $SYS waits for somebody")
        effects.letGo(message, of: &self)
    }

    /// The values that a new subscription matches, as retained messages. [MQTT-3.3.1-8]
    mutating func sendSys(
        to session: SessionID, matching filter: Span<UInt8>, _ identifier: UInt32,
        at now: Instant, into effects: inout some Effects & ~Copyable
    ) {
        guard !filter.isEmpty, filter[0] == Topic.dollar, limits.retainAvailable else { return }
        for topic in sys.topics
        where TopicFilter.matches(filter: filter, topic: topic.name.span) {
            let message = makeFleeting(topic.name, topic.text, isRetained: true)
            let delivery = Delivery(
                message: message, identifiers: identifier,  // Alone, it is its own number.
                qos: .atMostOnce, retain: true)
            let start = details.beginReceivers()
            choose(session, delivery, besides: start, at: now, into: &effects)
            effects.letGo(message, of: &self)
        }
    }

    private mutating func makeFleeting(
        _ topic: [UInt8], _ text: [UInt8], isRetained: Bool
    ) -> MessageID {
        let draft = MessageStore.Draft(
            qos: .atMostOnce, retain: isRetained, isFleeting: true, topicCount: topic.count,
            propertiesCount: 0, payloadCount: text.count)
        return state.messages.create(draft) { body in
            body.append(topic.span)
            body.append(text.span)
        }
    }
}

extension Engine {
    /// Other limits take the place of those in force.
    package mutating func use(_ limits: Limits, at now: Instant) {
        let renewsSys = limits.sysInterval != broker.limits.sysInterval
        broker.limits = limits
        guard renewsSys else { return }
        performer.now = now
        broker.armSys(at: now, into: &performer)
        eventEnded()
    }

    /// A line of the log for those who have subscribed to it.
    package mutating func tellSubscribers(_ topic: String, _ text: String, at now: Instant) {
        performer.now = now
        broker.tellSubscribers(
            Array(topic.utf8), Array(text.utf8), isRetained: false, at: now, into: &performer)
        eventEnded()
    }

    /// Everything that the topics of `$SYS` are made of.
    var sysFigures: SysFigures {
        var figures = SysFigures()
        figures.metrics = broker.metrics
        figures.sessions = broker.state.sessions.count
        figures.subscriptions = broker.state.subscriptions.count
        figures.sharedSubscriptions = broker.state.subscriptions.shared.count
        figures.retained = broker.state.retained.count
        figures.messages = broker.state.messages.count
        figures.messageBytes = broker.state.messages.bytes
        figures.inFlight = broker.state.inFlightCount
        for place in 0..<performer.outlets.bound where performer.outlets.contains(place) {
            figures.outputBytes += performer.outlets[place].output.pendingBytes
        }
        figures.heapBytes = heapBytes
        figures.worstTurn = worstTurn
        return figures
    }
}
