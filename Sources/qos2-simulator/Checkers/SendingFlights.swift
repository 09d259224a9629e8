// SPDX-License-Identifier: Apache-2.0
// What one sender has on its way to one receiver, through any number of connections. Re-sends carry
// DUP, the same identifier and the original order; an owed PUBREL stays a PUBREL; no identifier is
// used again while it is open; Receive Maximum is kept.
import MQTT

struct SendingFlights {
    private struct Flight {
        let label: Int
        let order: Int
        /// The connection that carried its PUBLISH last.
        var link: Int
        var isAcknowledged = false
        var isReleased = false
        /// The connection that carried its PUBREL last.
        var releasedOn = -1
    }

    private var open: [UInt16: Flight] = [:]
    /// Messages whose flight was released and has ended: no PUBLISH of them may come again.
    private var over: Set<Int> = []
    private var link = -1
    private var limit = Int.max
    /// PUBLISHes of this connection without a last answer.
    private var used = 0
    private var count = 0
    /// A flight that had ended comes back in its old place, when its end was not durable.
    private var ended: [UInt16: (label: Int, order: Int)] = [:]
    /// The highest order that was sent again on this connection.
    private var published = -1
    private var released = -1

    mutating func begin(_ link: Int, limit: Int) {
        self.link = link
        self.limit = limit
        used = 0
        published = -1
        released = -1
    }

    /// The session was lost.
    mutating func forget() {
        open = [:]
    }

    /// Returns what is wrong, if something is.
    mutating func left(_ packet: WirePacket, on link: Int) -> String? {
        guard link == self.link else { return nil }
        switch packet.kind {
        case .publish where packet.qos > .atMostOnce: return publish(packet)
        case .pubrel where packet.reason == .success: return release(packet.id)
        default: return nil
        }
    }

    private mutating func publish(_ packet: WirePacket) -> String? {
        let what = "PUBLISH \(packet.id) of message \(packet.label)"
        used += 1
        if used > limit { return "\(what) is one more than the Receive Maximum \(limit)" }
        if over.contains(packet.label) { return "\(what) after its PUBREL" }
        guard let flight = open[packet.id] else {
            if !packet.isDuplicate, open.values.contains(where: isOwed) {
                return "\(what) before an older one was sent again"
            }
            let before = ended.removeValue(forKey: packet.id)
            let comesBack = packet.isDuplicate && before?.label == packet.label
            let order = comesBack ? before!.order : count
            count += comesBack ? 0 : 1
            open[packet.id] = Flight(label: packet.label, order: order, link: link)
            if packet.isDuplicate { published = max(published, order) }
            return nil
        }
        guard flight.label == packet.label else {
            return "\(what), whose identifier is open for message \(flight.label)"
        }
        guard !flight.isReleased else { return "\(what) after its PUBREL" }
        guard packet.isDuplicate else { return "\(what) again without DUP" }
        guard flight.link != link else { return "\(what) twice on one connection" }
        guard flight.order > published else { return "\(what) again, out of its order" }
        published = flight.order
        open[packet.id]!.link = link
        return nil
    }

    private func isOwed(_ flight: Flight) -> Bool {
        flight.link != link && !flight.isReleased && !flight.isAcknowledged
    }

    private mutating func release(_ id: UInt16) -> String? {
        guard let flight = open[id] else { return nil }
        guard flight.isAcknowledged else { return "PUBREL \(id) without a PUBREC" }
        defer {
            open[id]!.isReleased = true
            open[id]!.releasedOn = link
        }
        guard flight.isReleased, flight.releasedOn != link else { return nil }
        guard flight.order > released else { return "PUBREL \(id) again, out of its order" }
        released = flight.order
        return nil
    }

    mutating func arrived(_ packet: WirePacket, on link: Int) {
        guard link == self.link, let flight = open[packet.id] else { return }
        switch packet.kind {
        case .pubrec where packet.reason.isFailure && !flight.isReleased: end(packet.id, flight)
        case .pubrec: open[packet.id]!.isAcknowledged = true
        case .puback: end(packet.id, flight)
        case .pubcomp:
            over.insert(flight.label)
            end(packet.id, flight)
        default: break
        }
    }

    private mutating func end(_ id: UInt16, _ flight: Flight) {
        open[id] = nil
        ended[id] = (flight.label, flight.order)
        if flight.link == link { used -= 1 }
    }
}
