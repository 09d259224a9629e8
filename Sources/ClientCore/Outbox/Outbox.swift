// SPDX-License-Identifier: Apache-2.0
//
// Everything a publisher owes: messages that wait, and messages on their way with their identifiers.
// It answers questions and applies facts; who decides is ClientSession, who makes facts durable is
// the journal of ClientEngine.
import MQTT

///     enqueued ──► waiting ──sent──► published ──acknowledged──► released ──completed──► gone
///                     ▲                  │                          │
///                     └────returned──────┤                          │
///                     └────sessionLost───┘        sessionLost ──────┴──► gone, in doubt
///
/// When the server has lost our session, nobody can say what became of a message between PUBREC and
/// PUBCOMP: the server has either handed it on, and only its PUBCOMP was lost, or has thrown it
/// away with the session. Sending it again could double it, and a PUBLISH must never be repeated
/// once its PUBREL was sent [MQTT-4.3.3-6]; PUBREL alone would be answered "not found" in both
/// cases. So it is given up, named in the log, and counted as in doubt: exactly once is a promise of
/// both ends, and here the other one has broken it. Before PUBREC the server had promised nothing:
/// such a message is sent as a new one. A server that hands on at PUBREL, as ours does, cannot have
/// delivered it; one that hands on at PUBLISH may deliver it twice.
package struct Outbox: ~Copyable {
    private var messages = NumberedQueue<OutboxMessage>()
    private var window = OutboundWindow<MessageNumber>()
    /// Waiting again after they had been sent, ascending. All are older than `unsent`.
    private var returned: [MessageNumber] = []
    /// The first that was never sent. From here on all messages wait.
    private var unsent = MessageNumber(rawValue: 1)

    /// Whether the server has a session of ours, as far as we know.
    package private(set) var knowsSession = false
    /// What the program itself has to remember.
    package private(set) var note: [UInt8] = []
    /// What was delivered last.
    package private(set) var lastDelivery: Delivery?

    package struct Delivery: Equatable, Sendable {
        package let number: MessageNumber
        package let at: Instant
    }

    package init() {}

    package var count: Int { messages.count }

    package var isEmpty: Bool { messages.count == 0 }

    package var inFlightCount: Int { window.count }

    /// The number that the next message gets.
    package var nextNumber: MessageNumber { messages.end }

    package subscript(number: MessageNumber) -> OutboxMessage? { messages[number] }

    /// The oldest that has no identifier.
    package var nextWaiting: MessageNumber? {
        returned.first ?? (unsent < messages.end ? unsent : nil)
    }

    /// What is on its way under an identifier.
    package func flight(_ id: PacketID) -> (flow: OutboundFlow, message: OutboxMessage)? {
        window[id].map { ($0.flow, message($0.held)) }
    }

    /// The identifier for the next PUBLISH; nil while `limit` are open or resends are owed.
    package func nextID(limit: Int) -> PacketID? {
        window.nextID(limit: limit)
    }

    package func isOpen(_ id: PacketID) -> Bool {
        window[id] != nil
    }

    /// Released flights, in the order of their first sending: each is owed a PUBREL.
    var released: [(id: PacketID, message: OutboxMessage)] {
        window.inOrder.filter { $0.flight.flow == .released }
            .map { ($0.id, message($0.flight.held)) }
    }

    /// A new connection: every PUBLISH without an answer is owed once more. [MQTT-4.4.0-1]
    mutating func connectionChanged() {
        window.connectionChanged()
    }

    mutating func nextResend(limit: Int) -> (id: PacketID, message: OutboxMessage)? {
        window.nextResend(limit: limit).map { ($0.id, message($0.flight.held)) }
    }

    /// The only way in which durable state changes, at work and in replay.
    package mutating func apply(_ fact: OutboxFact) {
        switch fact {
        case .enqueued(let number, let message):
            precondition(number == messages.end, "messages are numbered without gaps")
            messages.append(message)
        case .sent(let number, let id):
            let qos = message(number).qos
            takeFromWaiting(number)
            window.open(id, number, .opening(qos))
        case .acknowledged(let id):
            window.release(id)
        case .completed(let id, let reason, let time):
            let number = window.close(id)
            messages.remove(number)
            if !reason.isFailure { lastDelivery = Delivery(number: number, at: time) }
        case .returned(let id, _):
            putBack(window.close(id))
        case .removed(let number, _):
            takeFromWaiting(number)
            messages.remove(number)
        case .sessionLost: loseSession()
        case .sessionBegun: knowsSession = true
        case .noted(let bytes): note = bytes
        case .damaged(let next):
            loseSession()
            knowsSession = false
            skip(to: next)
        case .numbered(let next): skip(to: next)
        case .flying(let number, let id, let flow): restore(number, id, flow)
        case .delivered(let number, let time):
            lastDelivery = Delivery(number: number, at: time)
        }
    }

    /// What was never sent so far is older than what is to come, and waits among the returned.
    private mutating func skip(to next: MessageNumber) {
        setAsideUnsent(before: messages.end)
        messages.skip(to: next)
        unsent = next
    }

    private mutating func setAsideUnsent(before end: MessageNumber) {
        while unsent < end {
            returned.append(unsent)
            unsent = unsent.next
        }
    }

    private mutating func restore(
        _ number: MessageNumber, _ id: PacketID, _ flow: OutboundFlow
    ) {
        setAsideUnsent(before: number.next)
        guard let place = returned.firstIndex(of: number) else {
            preconditionFailure("message \(number.rawValue) does not wait")
        }
        returned.remove(at: place)
        window.open(id, number, .opening(message(number).qos))
        if flow == .released { window.release(id) }
    }

    private func message(_ number: MessageNumber) -> OutboxMessage {
        guard let message = messages[number] else {
            preconditionFailure("message \(number.rawValue) is not in the outbox")
        }
        return message
    }

    private mutating func takeFromWaiting(_ number: MessageNumber) {
        precondition(number == nextWaiting, "message \(number.rawValue) is not the next")
        if returned.isEmpty {
            unsent = unsent.next
        } else {
            returned.removeFirst()
        }
    }

    private mutating func putBack(_ number: MessageNumber) {
        let place = returned.firstIndex { $0 > number } ?? returned.endIndex
        returned.insert(number, at: place)
    }

    private mutating func loseSession() {
        for (id, flight) in window.inOrder {
            let number = window.close(id)
            if flight.flow == .released {
                messages.remove(number)
            } else {
                putBack(number)
            }
        }
    }
}

extension Outbox {
    /// Whether the message is there and has no identifier.
    func isWaiting(_ number: MessageNumber) -> Bool {
        guard messages[number] != nil else { return false }
        return number >= unsent || returned.contains(number)
    }

    /// The oldest message, waiting or on its way.
    package var oldest: OutboxMessage? { messages.first }

    /// The facts that give this outbox, in canonical order.
    func forEachFact(_ body: (OutboxFact) -> Void) {
        if knowsSession { body(.sessionBegun) }
        if !note.isEmpty { body(.noted(note)) }
        if let lastDelivery { body(.delivered(lastDelivery.number, at: lastDelivery.at)) }
        var next = MessageNumber(rawValue: 1)
        messages.forEach { number, message in
            if number != next { body(.numbered(number)) }
            body(.enqueued(number, message))
            next = number.next
        }
        if next != messages.end { body(.numbered(messages.end)) }
        for (id, flight) in window.inOrder {
            body(.flying(flight.held, id, flight.flow))
        }
    }

    /// Where each message stands: for comparing what was with what was replayed.
    package struct Standing: Equatable {
        package enum Place: Equatable {
            case waiting
            case inFlight(PacketID, OutboundFlow)
        }

        package var number: MessageNumber
        package var message: OutboxMessage
        package var place: Place
    }

    /// In the order in which they were put in.
    package var standings: [Standing] {
        let flights = window.inOrder
        return messages.numbers.map { number in
            let flight = flights.first { $0.flight.held == number }
            return Standing(
                number: number, message: message(number),
                place: flight.map { .inFlight($0.id, $0.flight.flow) } ?? .waiting)
        }
    }

    /// Identifiers in the order of their first sending, which is the order of resending.
    package var sendingOrder: [PacketID] { window.inOrder.map(\.id) }
}
