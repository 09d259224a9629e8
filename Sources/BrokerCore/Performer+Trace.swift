// SPDX-License-Identifier: Apache-2.0
// Tells the handshake trace what passes. Nothing here costs more than a test of a flag while no
// flow is being watched: the test is where the packet is, the telling is not.
import Journal
import MQTT

extension Performer {
    @inline(__always)
    mutating func traceArrival(
        of packet: PublishPacket, _ bytes: Span<UInt8>, on id: ConnectionID,
        _ broker: borrowing Broker
    ) {
        // A publisher that had to wait offers the same packet again.
        guard !broker.connections[id.index].isPaused else { return }
        let isAgain =
            packet.duplicate
            && trace.isWatched(
                packet.id, session: broker.connections[id.index].session, isInbound: true)
        guard isAgain || trace.begins(at: now) else { return }
        begin(.received, packet, bytes, on: id, broker)
    }

    /// What is passed on is sent as it came.
    @inline(__always)
    mutating func tracePassing(
        of packet: PublishPacket, _ bytes: Span<UInt8>, to id: ConnectionID,
        _ broker: borrowing Broker
    ) {
        if trace.begins(at: now) { begin(.sent, packet, bytes, on: id, broker) }
    }

    @inline(never)
    private mutating func begin(
        _ direction: HandshakeStep.Direction, _ packet: PublishPacket, _ bytes: Span<UInt8>,
        on id: ConnectionID, _ broker: borrowing Broker
    ) {
        let session = broker.connections[id.index].session
        var step = HandshakeStep(
            direction, .publish, client: broker.state[session].client, id: packet.id,
            qos: packet.qos)
        step.isDuplicate = packet.duplicate
        step.isRetained = packet.retain
        step.topic = broker.topic(of: packet, bytes, on: id)
        step.size = packet.payload.count
        step.message = MessageLabel(properties: packet.properties.all, in: bytes)?.text
        if let packetID = packet.id,
            broker.state[session].inbound.arrival(of: packetID) == .repeated
        {
            step.outcome = .repeated
        }
        trace.begin(
            step, session: session, isInbound: direction == .received, behind: .none, at: now)
    }

    @inline(__always)
    mutating func traceDelivery(
        _ delivery: Delivery, _ packet: PacketID?, _ isRepeat: Bool, _ id: ConnectionID,
        _ broker: borrowing Broker
    ) {
        let isAgain =
            isRepeat
            && trace.isWatched(
                packet, session: broker.connections[id.index].session, isInbound: false)
        guard isAgain || trace.begins(at: now) else { return }
        begin(delivery, packet, isRepeat, id, broker)
    }

    @inline(never)
    private mutating func begin(
        _ delivery: Delivery, _ packet: PacketID?, _ isRepeat: Bool, _ id: ConnectionID,
        _ broker: borrowing Broker
    ) {
        let session = broker.connections[id.index].session
        var step = HandshakeStep(
            .sent, .publish, client: broker.state[session].client, id: packet, qos: delivery.qos)
        step.isDuplicate = isRepeat
        step.isRetained = delivery.retain
        step.topic = String(copying: broker.state.messages[delivery.message].topic)
        step.size = broker.state.messages[delivery.message].payloadCount
        step.message = broker.label(of: delivery.message)?.text
        trace.begin(step, session: session, isInbound: false, behind: journal.tail, at: now)
    }

    @inline(__always)
    mutating func traceStep(
        _ direction: HandshakeStep.Direction, _ kind: PacketKind, _ packet: PacketID,
        _ reason: ReasonCode, _ id: ConnectionID, _ broker: borrowing Broker
    ) {
        if trace.isWatching { step(direction, kind, packet, reason, id, broker) }
    }

    @inline(never)
    private mutating func step(
        _ direction: HandshakeStep.Direction, _ kind: PacketKind, _ packet: PacketID,
        _ reason: ReasonCode, _ id: ConnectionID, _ broker: borrowing Broker
    ) {
        let session = broker.connections[id.index].session
        trace.step(
            direction, kind, packet, reason, session: session,
            isOnDisk: broker.state[session].isJournalled,
            behind: direction == .sent ? journal.tail : .none, at: now)
    }
}

extension Broker {
    fileprivate func topic(
        of packet: PublishPacket, _ bytes: Span<UInt8>, on id: ConnectionID
    ) -> String {
        guard packet.topic.isEmpty, let alias = packet.properties.topicAlias else {
            return String(copying: bytes.extracting(packet.topic))
        }
        let name = connections[id.index].topicAliases[alias] ?? []
        return String(decoding: name, as: UTF8.self)
    }
}
