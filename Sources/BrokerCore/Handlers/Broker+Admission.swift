// SPDX-License-Identifier: Apache-2.0
// Whether a PUBLISH may be taken: what it may be at all, and whether store, memory and the queues
// of its receivers have room. Who cannot be told to come back is made to wait.
import MQTT

extension Broker {
    /// What the publisher may not send. It is told, or its connection ends; nil if all is well.
    @inline(__always)
    func breach(
        by packet: PublishPacket, on id: ConnectionID, unacknowledged: Int
    ) -> (ReasonCode, String)? {
        if packet.retain, !limits.retainAvailable { return (.retainNotSupported, "RETAIN set") }
        if packet.qos > connections[id.index].qosMax {  // [MQTT-3.2.2-11]
            return (.qosNotSupported, "QoS \(packet.qos.rawValue) is above the maximum")
        }
        guard connections[id.index].version == .v5, packet.qos > .atMostOnce else { return nil }
        return quotaBreach(by: packet, on: id, unacknowledged: unacknowledged)
    }

    private func quotaBreach(
        by packet: PublishPacket, on id: ConnectionID, unacknowledged: Int
    ) -> (ReasonCode, String)? {
        let session = connections[id.index].session
        if packet.qos == .exactlyOnce, state[session].inbound.arrival(of: packet.id!) == .repeated {
            return nil
        }
        let open = state[session].inbound.count - connections[id.index].inherited.count
        guard open + unacknowledged >= Int(limits.inFlightMax) else { return nil }
        return (.receiveMaximumExceeded, "more messages open than allowed")  // [MQTT-3.3.4-7]
    }

    /// Why this message is never taken, however often it comes; nil if it may be.
    @inline(__always)
    func refusal(of packet: PublishPacket, _ topic: Span<UInt8>) -> ReasonCode? {
        if !limits.allow(topic: topic) { return .topicNameInvalid }
        if SysTopics.isReserved(topic) { return .notAuthorized }
        if packet.payload.count > limits.payloadBytesMax ?? .max { return .quotaExceeded }
        return nil
    }

    enum Admission: Equatable {
        case welcome
        /// The publisher hears 0x97.
        case refused
        /// The publisher waits.
        case later
    }

    /// Whether all receivers have room. It is asked when the message arrives: at PUBREL it is
    /// ours already.
    @inline(__always)
    mutating func admission(
        of packet: PublishPacket, _ topic: Span<UInt8>, on id: ConnectionID,
        into effects: inout some Effects & ~Copyable
    ) -> Admission {
        guard memoryIsFull || storeIsFull || anyIsFull else { return .welcome }
        return examine(packet, topic, on: id, into: &effects)
    }

    private mutating func examine(
        _ packet: PublishPacket, _ topic: Span<UInt8>, on id: ConnectionID,
        into effects: inout some Effects & ~Copyable
    ) -> Admission {
        let publisher = connections[id.index].session
        if memoryIsFull { waitsForMemory = true }
        if memoryIsFull || storeIsFull && needsStore(packet, topic, from: publisher) {
            return wait(id, into: &effects)
        }
        guard limits.overflow == .refuse, anyIsFull else { return .welcome }
        let entry = entry(of: topic)
        guard let full = firstFull(of: routes.entries[entry], from: publisher) else {
            return .welcome
        }
        if connections[id.index].version == .v311, !connections[id.index].isPaused {
            effects.tell(.congested(state[publisher].client, by: state[full].client))
        }
        return wait(id, into: &effects)
    }

    /// False is certain, and costs nothing to know.
    private var anyIsFull: Bool {
        state.waitingCount >= limits.waitingMax || state.waitingBytes >= limits.waitingBytesMax
    }

    /// A session that would get the message and has no room for it.
    private func firstFull(of entry: Routes.Entry, from publisher: SessionID) -> SessionID? {
        for route in entry.routes where isFull(route.session) {
            if route.grant(from: publisher)?.qos ?? .atMostOnce > .atMostOnce {
                return route.session
            }
        }
        let share = entry.shares.first { isFull($0) }
        return share.flatMap { state.subscriptions.shared[$0].members.list.first?.session }
    }

    /// Whether taking it writes to the journal, now or at its PUBREL.
    private mutating func needsStore(
        _ packet: PublishPacket, _ topic: Span<UInt8>, from publisher: SessionID
    ) -> Bool {
        if packet.retain || packet.qos == .exactlyOnce && state[publisher].isJournalled {
            return true
        }
        let entry = entry(of: topic)
        return routes.entries[entry].routes.contains { route in
            route.grant(from: publisher)?.qos ?? .atMostOnce > .atMostOnce
                && state[route.session].isJournalled
        } || routes.entries[entry].shares.contains { isDurable($0) }
    }

    /// MQTT 5.0 can be told to come back; MQTT 3.1.1 can only be made to wait.
    private mutating func wait(
        _ id: ConnectionID, into effects: inout some Effects & ~Copyable
    ) -> Admission {
        if connections[id.index].version == .v5 { return .refused }
        pause(id, into: &effects)
        return .later
    }

    @inline(never)
    mutating func pause(_ id: ConnectionID, into effects: inout some Effects & ~Copyable) {
        connections[id.index].isPaused = true
        if !paused.contains(id) { paused.append(id) }
        effects.pauseReading(id)
    }

    /// Offers what the paused publishers said once more, as soon as there is room again.
    mutating func resumePaused(into effects: inout some Effects & ~Copyable) {
        for id in paused {
            effects.resumeReading(id)
        }
        paused.removeAll()
    }
}
