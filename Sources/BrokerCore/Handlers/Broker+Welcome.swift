// SPDX-License-Identifier: Apache-2.0
// The retained messages that a SUBSCRIBE brings. There may be a million of them, so the search for them goes
// on from turn to turn, and those of QoS 0 leave as the connection's output has room for them.
import MQTT

/// What a connection still has to get of what its subscriptions bring.
final class Welcome {
    /// A SUBSCRIBE that is not done yet: nothing behind it is taken.
    struct Search {
        /// Nil once it was said.
        var answer: Answer?
        /// It was not over in the turn of its packet.
        var goesOn = false
        let filters: [Details.Filter]
        var place: RetainedSearch
    }

    var search: Search?
    /// What was found for QoS 0: nothing but the output bounds it.
    var found = ChunkedQueue<Delivery>()

    var isOver: Bool { search == nil && found.isEmpty }
}

extension Broker {
    /// Answers a SUBSCRIBE and looks for what is retained on the topics of `filters`. Filters that owe it are
    /// of subscriptions that were not there before.
    mutating func welcome(
        _ filters: [Details.Filter], answering answer: Answer, on id: ConnectionID, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        let session = connections[id.index].session
        var search = Welcome.Search(
            answer: answer, filters: filters, place: state.retained.beginSearch(filters.map(\.text))
        )
        goOn(&search, on: id, at: now, into: &effects)
        sendWelcome(on: id, at: now, into: &effects)
        guard !search.place.isOver else { return }
        mark(filters, of: session, asOwing: true, into: &effects)
        search.goesOn = true
        welcome(of: id).search = search
        effects.pauseReading(id)
        welcoming.append(id)
        effects.setDeadline(.welcome, now)
    }

    /// In the journal, those of them that are new.
    private mutating func mark(
        _ filters: [Details.Filter], of session: SessionID, asOwing owesRetained: Bool,
        into effects: inout some Effects & ~Copyable
    ) {
        guard state[session].isJournalled else { return }
        for var filter in filters where filter.owesRetained {
            filter.owesRetained = owesRetained
            record(.subscribed(session, detail: details.add(filter)), into: &effects)
        }
    }

    private func welcome(of id: ConnectionID) -> Welcome {
        if let welcome = connections[id.index].welcome { return welcome }
        let welcome = Welcome()
        connections[id.index].welcome = welcome
        return welcome
    }

    /// One search goes on; the others have their turn in those that follow.
    mutating func welcomeDue(at now: Instant, into effects: inout some Effects & ~Copyable) {
        while !welcoming.isEmpty {
            let id = welcoming.removeFirst()
            guard connections.contains(id.index), let welcome = connections[id.index].welcome,
                var search = welcome.search
            else { continue }
            goOn(&search, on: id, at: now, into: &effects)
            welcome.search = search.place.isOver ? nil : search
            sendWelcome(on: id, at: now, into: &effects)
            if search.place.isOver {
                effects.resumeReading(id)
            } else {
                welcoming.append(id)
            }
            break
        }
        if !welcoming.isEmpty { effects.setDeadline(.welcome, now) }
    }

    /// A session that is not durable has its answer first. Others have it behind the last fact of what it
    /// promises, so that who crashes before asks again; those of one turn become durable together.
    private mutating func goOn(
        _ search: inout Welcome.Search, on id: ConnectionID, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        let session = connections[id.index].session
        var found: [(message: MessageID, filter: Int)] = []
        state.retained.go(limits.searchSteps, on: &search.place) { found.append(($0, $1)) }
        if search.place.isOver { state.retained.end(search.place) }
        let isInOneTurn = search.place.isOver && !search.goesOn
        if isInOneTurn || !state[session].isJournalled { answer(&search, to: id, into: &effects) }
        send(found, for: search.filters, on: id, at: now, into: &effects)
        if search.place.isOver {
            for filter in search.filters {
                sendSys(
                    to: session, matching: filter.text.span, filter.identifier, at: now,
                    into: &effects)
            }
            if search.goesOn { mark(search.filters, of: session, asOwing: false, into: &effects) }
            answer(&search, to: id, into: &effects)
        }
    }

    /// Unless it was said already.
    private mutating func answer(
        _ search: inout Welcome.Search, to id: ConnectionID,
        into effects: inout some Effects & ~Copyable
    ) {
        guard let answer = search.answer else { return }
        search.answer = nil
        effects.answer(answer, to: id, from: &self)
    }

    /// The connection has ended for its session. Subscriptions go on to owe what was not found yet.
    mutating func abandonSearch(of id: ConnectionID) {
        guard let welcome = connections[id.index].welcome, let search = welcome.search else {
            return
        }
        state.retained.end(search.place)
        welcome.search = nil
    }

    private mutating func send(
        _ found: [(message: MessageID, filter: Int)], for filters: [Details.Filter],
        on id: ConnectionID, at now: Instant, into effects: inout some Effects & ~Copyable
    ) {
        let session = connections[id.index].session
        for (message, filter) in found where state.messages[message].expires > now {
            let delivery = Delivery(
                message: message,
                identifiers: filters[filter].identifier,  // Alone, it is its own number.
                qos: outgoingQoS(of: message, granted: filters[filter].options.maximumQoS),
                retain: true)  // [MQTT-3.3.1-8]
            if delivery.qos == .atMostOnce {
                state.messages.hold(message)
                welcome(of: id).found.append(delivery)
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
        guard let welcome = connections[id.index].welcome else { return }
        var room = min(limits.outputBytesMax / 2, Self.sentAtOnce)
        while room > 0, !connections[id.index].isCongested, !welcome.found.isEmpty {
            let delivery = welcome.found.removeFirst()
            room -= sendWelcome(delivery, on: id, at: now, into: &effects)
            effects.letGo(delivery.message, of: &self)
        }
        if welcome.isOver { connections[id.index].welcome = nil }
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

    /// More follows as soon as some of it has left.
    private static var sentAtOnce: Int { 128 << 10 }

    /// About what a PUBLISH is larger than its message.
    private static var packetOverhead: Int { 16 }
}
