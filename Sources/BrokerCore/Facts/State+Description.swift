// SPDX-License-Identifier: Apache-2.0
// The durable part of the state as text, in an order that depends on nothing but its content: what
// recovery must bring back is the same text. Places, counts of holders and everything that ends
// with a connection or with the process are left out or named by content.
import MQTT

extension State {
    /// One line for each durable thing, sorted: sessions with what is open in them, retained
    /// messages, and the messages that these need.
    borrowing func durableDescription() -> String {
        var needed: [UInt64: String] = [:]
        var lines: [String] = []
        for place in 0..<sessions.bound where sessions.contains(place) {
            let id = SessionID(place: UInt32(place))
            if self[id].isJournalled { describe(id, &lines, &needed) }
        }
        retained.forEach { message in
            lines.append(
                "retained \(String(copying: messages[message].topic)) \(name(message, &needed))")
        }
        lines.sort()
        for number in needed.keys.sorted() {
            lines.append(needed[number]!)
        }
        return lines.joined(separator: "\n")
    }

    private func describe(
        _ id: SessionID, _ lines: inout [String], _ needed: inout [UInt64: String]
    ) {
        let client = "session \(self[id].client.description.escaped)"
        var line = "\(client) place=\(id.place) expiry=\(self[id].expiry.seconds)"
        line += " connections=\(self[id].connections)"
        if let closed = self[id].closedAt { line += " closed=\(closed.nanoseconds)" }
        lines.append(line)
        if let will = self[id].will {
            let message = name(will.message, &needed)
            let expiry = will.expiry.map { " expiry=\($0)" } ?? ""
            lines.append("\(client) will \(message) delay=\(will.delay)\(expiry)")
        }
        for (filter, subscription) in subscriptions.inOrder(self[id].subscriptions, of: id) {
            let text = String(decoding: filter, as: UTF8.self)
            lines.append(
                "\(client) subscribed \(text) options=\(subscription.options.byte)"
                    + " identifier=\(subscription.identifier)"
                    + (subscription.owesRetained ? " owes retained" : ""))
        }
        for packet in self[id].inbound.ids {
            guard let message = self[id].inbound.held(for: packet) else { continue }
            lines.append("\(client) inbound \(packet) \(name(message, &needed))")
        }
        describeDeliveries(of: id, client, &lines, &needed)
    }

    /// Numbered in their order, which is part of what must come back.
    private func describeDeliveries(
        of id: SessionID, _ client: String, _ lines: inout [String],
        _ needed: inout [UInt64: String]
    ) {
        for (rank, open) in self[id].outbound.inOrder.enumerated() {
            lines.append(
                "\(client) outbound \(ranked(rank)) id=\(open.id) \(open.flight.flow)"
                    + " \(text(of: open.flight.held, &needed))")
        }
        var rank = 0
        self[id].waiting.forEach { delivery in
            lines.append("\(client) waiting \(ranked(rank)) \(text(of: delivery, &needed))")
            rank += 1
        }
    }

    private func text(of delivery: Delivery, _ needed: inout [UInt64: String]) -> String {
        let identifiers = identifierLists.list(delivery.identifiers)
        return "\(name(delivery.message, &needed)) qos=\(delivery.qos.rawValue)"
            + (delivery.retain ? " retained" : "")
            + (identifiers.isEmpty ? "" : " identifiers=\(identifiers)")
            + (delivery.share == .none ? "" : " share=\(text(of: delivery.share))")
    }

    private func text(of share: ShareID) -> String {
        String(decoding: subscriptions.shared[share].filter, as: UTF8.self).escaped
    }

    /// The message by its number; its own line is noted on the way.
    private func name(_ id: MessageID, _ needed: inout [UInt64: String]) -> String {
        let number = messages[id].number
        if needed[number] == nil {
            let checksum = String(hashOfBytes(messages[id].body, seed: 0), radix: 16)
            let expires = messages[id].expires
            needed[number] =
                "message \(number) place=\(id.place) qos=\(messages[id].qos.rawValue)"
                + (messages[id].retain ? " retain" : "")
                + (expires == .distantFuture ? "" : " expires=\(expires.nanoseconds)")
                + " \(String(copying: messages[id].topic).escaped)"
                + " \(messages[id].payloadCount) B, content \(checksum)"
        }
        return "message=\(number)"
    }

    /// Digits enough that the order of text is the order of numbers.
    private func ranked(_ rank: Int) -> String {
        let digits = String(rank)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }
}
