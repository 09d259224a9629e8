// SPDX-License-Identifier: Apache-2.0
// Shared subscriptions: which member takes a message, and who takes what a member leaves behind.
import MQTT

extension Broker {
    /// How well a member could take a message now, the best first.
    private enum Readiness: Int, Comparable {
        /// It gets the message at once.
        case ready
        /// It is connected, and the message waits for its window.
        case busy
        /// The message waits for its return.
        case away
        /// Its queue is full.
        case full
        /// It would never get the message. [MQTT-3.1.2-25]
        case unable

        static func < (left: Readiness, right: Readiness) -> Bool { left.rawValue < right.rawValue }
    }

    /// Lists the member of a share that takes the message, in the list that begins at `start`: the
    /// next in turn of those who can take it soonest.
    mutating func chooseMember(
        of share: ShareID, for message: MessageID, except left: SessionID? = nil,
        besides start: Int, at now: Instant, into effects: inout some Effects & ~Copyable
    ) {
        guard let (place, member) = nextMember(of: share, for: message, except: left) else {
            return
        }
        state.subscriptions.took(share, at: place)
        let delivery = delivery(of: message, to: member, of: share)
        choose(member.session, delivery, besides: start, at: now, into: &effects)
    }

    private func nextMember(
        of share: ShareID, for message: MessageID, except left: SessionID?
    ) -> (place: Int, Subscription)? {
        let members = state.subscriptions.shared[share].members.list
        let turn = state.subscriptions.shared[share].turn
        var best: (readiness: Readiness, place: Int)?
        for step in members.indices {
            let place = (turn + step) % members.count
            guard members[place].session != left else { continue }
            let delivery = delivery(of: message, to: members[place], of: share)
            let readiness = readiness(of: members[place].session, for: delivery)
            if readiness == .ready { return (place, members[place]) }
            if best.map({ readiness < $0.readiness }) ?? true { best = (readiness, place) }
        }
        return best.map { ($0.place, members[$0.place]) }
    }

    /// [MQTT-4.8.2-3]
    private func delivery(
        of message: MessageID, to member: Subscription, of share: ShareID
    ) -> Delivery {
        Delivery(
            message: message, identifiers: member.identifier, share: share,
            qos: outgoingQoS(of: message, granted: member.options.maximumQoS),
            retain: state.messages[message].retain && member.options.retainAsPublished)
    }

    private func readiness(of session: SessionID, for delivery: Delivery) -> Readiness {
        guard let connection = state[session].connection else {
            if delivery.qos == .atMostOnce, !limits.queuesQoS0 { return .unable }
            return isFull(session) ? .full : .away
        }
        guard fits(delivery, connection) else { return .unable }
        if isFull(session) { return .full }
        guard readyLine(of: session) != nil else { return .busy }
        return delivery.qos == .atMostOnce || nextID(of: session, on: connection) != nil
            ? .ready : .busy
    }

    /// True if no member of the share has room for a message.
    func isFull(_ share: ShareID) -> Bool {
        state.subscriptions.shared[share].members.list.allSatisfy { isFull($0.session) }
    }

    /// True if the delivery of some member would be journalled.
    func isDurable(_ share: ShareID) -> Bool {
        state.subscriptions.shared[share].members.list.contains { member in
            member.options.maximumQoS > .atMostOnce && state[member.session].isJournalled
        }
    }

    /// A session ends: other members take what it has not begun, and QoS 1 that it has not
    /// acknowledged. Begun QoS 2 goes to nobody else. [MQTT-4.8.2-5] Returns how many were taken.
    mutating func handOver(
        from session: SessionID, at now: Instant, into effects: inout some Effects & ~Copyable
    ) -> Int {
        var left: [Delivery] = []
        for (_, flight) in state[session].outbound.inOrder
        where flight.flow == .published1 && hasHeir(flight.held.share, of: session) {
            left.append(flight.held)
        }
        state[session].waiting.forEach { if hasHeir($0.share, of: session) { left.append($0) } }
        for delivery in left { handOver(delivery, from: session, at: now, into: &effects) }
        return left.count
    }

    private func hasHeir(_ share: ShareID, of session: SessionID) -> Bool {
        guard share != .none else { return false }
        return state.subscriptions.shared[share].members.list.contains { $0.session != session }
    }

    private mutating func handOver(
        _ delivery: Delivery, from session: SessionID, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        let message = inheritance(delivery.message, of: session)
        let start = details.beginReceivers()
        chooseMember(
            of: delivery.share, for: message, except: session, besides: start, at: now,
            into: &effects)
        let receivers = details.receivers(from: start)
        if receivers.count > 0 {
            record(.routed(message, retains: false, receivers: receivers), into: &effects)
            deliver(receivers, into: &effects)
        }
        effects.letGo(message, of: &self)
    }

    /// What a session leaves behind, held for its heir: the session may be the last to hold it. Of
    /// one that is not durable a copy: the journal may have had the message once, for somebody who
    /// is through with it, and replay has forgotten it then.
    private mutating func inheritance(_ message: MessageID, of session: SessionID) -> MessageID {
        guard state[session].isJournalled else {
            return state.messages.copy(message, expires: state.messages[message].expires)
        }
        state.messages.hold(message)
        return message
    }
}
