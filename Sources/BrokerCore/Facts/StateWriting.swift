// SPDX-License-Identifier: Apache-2.0
// A state as the shortest list of facts that gives it, in canonical order: what a checkpoint holds.
// Only the durable world is written; a body is written once, in front of the first fact that
// needs it, as the living broker does.
import Journal
import MQTT

extension State {
    /// Appends the facts of this state to `journal`, submitting as it grows.
    func write(into journal: inout Journal) {
        var written = Set<MessageID>()
        let durable = (0..<sessions.bound).filter {
            sessions.contains($0) && sessions[$0].isJournalled
        }.map { SessionID(place: UInt32($0)) }
        for id in durable {
            writeOpening(of: id, &written, into: &journal)
        }
        writeRetained(&written, into: &journal)
        for id in durable {
            writeDeliveries(of: id, &written, into: &journal)
        }
    }

    private func writeOpening(
        of id: SessionID, _ written: inout Set<MessageID>, into journal: inout Journal
    ) {
        var details = Details()
        let will = self[id].will
        // A session that has become one of its connection is durable until it ends.
        let expiry = self[id].expiry
        let opening = Details.Opening(
            client: self[id].client, expiry: expiry.outlivesConnection ? expiry : .never,
            will: will?.message, willDelay: will?.delay ?? 0, willExpiry: will?.expiry,
            connections: self[id].connections)
        let detail = details.add(opening)
        if let will { writeBody(of: will.message, &written, into: &journal) }
        encode(.opened(id, detail: detail), details, into: &journal)
        if expiry != opening.expiry {
            encode(.expiryChanged(id, expiry), details, into: &journal)
        }
        for (text, subscription) in subscriptions.inOrder(self[id].subscriptions, of: id) {
            details.removeAll()
            let detail = details.add(
                Details.Filter(
                    text: text, options: subscription.options,
                    identifier: subscription.identifier,
                    owesRetained: subscription.owesRetained))
            encode(.subscribed(id, detail: detail), details, into: &journal)
        }
    }

    private func writeRetained(_ written: inout Set<MessageID>, into journal: inout Journal) {
        var found: [MessageID] = []
        retained.forEach { found.append($0) }
        found.sort { messages[$0].number < messages[$1].number }
        for message in found {
            writeBody(of: message, &written, into: &journal)
            encode(
                .routed(message, retains: true, receivers: .none), Details(), into: &journal)
            journal.submitIfLarge()
        }
    }

    private func writeDeliveries(
        of id: SessionID, _ written: inout Set<MessageID>, into journal: inout Journal
    ) {
        for packet in self[id].inbound.ids {
            let message = self[id].inbound.held(for: packet)!
            writeBody(of: message, &written, into: &journal)
            encode(.accepted(message, from: id, packet), Details(), into: &journal)
        }
        for (packet, flight) in self[id].outbound.inOrder {
            write(flight.held, to: id, packet, &written, into: &journal)
            if flight.flow == .released {
                encode(.acknowledged(id, packet), Details(), into: &journal)
            }
        }
        self[id].waiting.forEach { write($0, to: id, nil, &written, into: &journal) }
        if let closedAt = self[id].closedAt {
            encode(.closed(id, at: closedAt), Details(), into: &journal)
        }
    }

    private func write(
        _ delivery: Delivery, to id: SessionID, _ packet: PacketID?,
        _ written: inout Set<MessageID>, into journal: inout Journal
    ) {
        var details = Details()
        details.add(
            Receiver(session: id, delivery: delivery, id: packet, isDurable: true))
        writeBody(of: delivery.message, &written, into: &journal)
        encode(
            .routed(delivery.message, retains: false, receivers: details.receivers(from: 0)),
            details, into: &journal)
        journal.submitIfLarge()
    }

    private func writeBody(
        of message: MessageID, _ written: inout Set<MessageID>, into journal: inout Journal
    ) {
        guard written.insert(message).inserted else { return }
        encode(.stored(message), Details(), into: &journal)
    }
}

extension Replay: ReplayedState {
    package init() {
        self.init(seed: 0)
    }

    /// Appends the facts of what was replayed.
    package func write(into journal: inout Journal) {
        state.write(into: &journal)
    }
}
