// SPDX-License-Identifier: Apache-2.0
// Bytes from a connection become packets, decoded where they lie, and packets become events of the
// broker. What a peer got wrong is answered here with the code that the decoder found.
import Journal
import MQTT

extension Engine {
    /// Takes whole packets from the front of `bytes`. Returns how many bytes were taken; the rest
    /// is to be offered again with what arrives behind it, or after `resumeReading`.
    package mutating func received(
        _ bytes: Span<UInt8>, on id: ConnectionID, at now: Instant
    ) -> Int {
        let taken = takePackets(bytes, on: id, at: now)
        broker.count { $0.bytesReceived += UInt64(taken) }
        return taken
    }

    /// How large the packet at the front is, if it is a PUBLISH whose body may stay in its memory.
    package func sizeToKeep(_ front: Span<UInt8>, on id: ConnectionID) -> Int? {
        guard broker.connections.contains(id.index) else { return nil }
        let rule = PacketRule(for: broker.connections[id.index], broker.limits)
        guard let header = rule.header(in: front, at: 0), header.kind == .publish,
            header.end >= MessageStore.keptPayload
        else { return nil }
        return header.end
    }

    /// One whole packet in memory of its own. What is kept is given back with its message, which may
    /// have been already.
    package mutating func receivedWhole(
        _ packet: UnsafeMutableRawBufferPointer, on id: ConnectionID, at now: Instant
    ) -> (isTaken: Bool, isKept: Bool) {
        unsafe broker.state.messages.offer(packet)
        let taken = unsafe received(packet.bindMemory(to: UInt8.self).span, on: id, at: now)
        return (taken > 0, !broker.state.messages.withdrawOffer())
    }

    private mutating func takePackets(
        _ bytes: Span<UInt8>, on id: ConnectionID, at now: Instant
    ) -> Int {
        guard broker.connections.contains(id.index) else { return bytes.count }
        noLongerAwaited(id)
        performer.now = now
        let backlogMax = backlogMax
        sentMax = broker.metrics.sentPackets[.publish] &+ broker.limits.sentAtOnce
        var rule = PacketRule(for: broker.connections[id.index], broker.limits)
        var position = 0
        var isHeard = false
        while position < bytes.count {
            guard let backlog = performer.outlets[id.index].backlog else { return bytes.count }
            if backlog > backlogMax {
                pauseFlooded(id)
                return position
            }
            if hasSentMuch {
                performer.yieldReading(id)
                return position
            }
            if let (kind, packet) = rule.acknowledgement(in: bytes, at: position) {
                noteSign(of: id, at: now, &isHeard)
                position = acknowledgements(
                    kind, Acknowledgement(id: packet),
                    endingAt: position + AcknowledgementPacket.shortSize, bytes, on: id, at: now)
                continue
            }
            do {
                guard let header = try rule.packet(in: bytes, at: position) else {
                    notePart(bytes.count - position, on: id, at: now)
                    return position
                }
                noteSign(of: id, at: now, &isHeard)
                guard try take(header, rule, bytes, &position, on: id, at: now) else {
                    return position
                }
                if header.kind == .connect {
                    rule = PacketRule(for: broker.connections[id.index], broker.limits)
                }
            } catch {
                refuse(error, on: id, at: now)
                eventEnded()
            }
        }
        return position
    }

    /// A packet has come whole, the first of this read or another.
    @inline(__always)
    private mutating func noteSign(of id: ConnectionID, at now: Instant, _ isNoted: inout Bool) {
        guard !isNoted else { return }
        isNoted = true
        broker.connections[id.index].heard(at: now)
    }

    /// So many bytes of a packet that is still on its way are a sign of life.
    private static var partThatCounts: Int { 1024 }

    /// It is packets that keep a connection alive. Who is sending a large one can send nothing else
    /// meanwhile; who sends a byte now and then is silent. [MQTT-3.1.2-22]
    @inline(never)
    private mutating func notePart(_ count: Int, on id: ConnectionID, at now: Instant) {
        let counted = Int(broker.connections[id.index].partReceived)
        guard count - counted >= Self.partThatCounts else { return }
        broker.connections[id.index].partReceived = UInt32(clamping: count)
        broker.connections[id.index].lastReceived = now
    }

    /// Few packets can mean very many, where many subscribe.
    @inline(__always)
    var hasSentMuch: Bool { broker.metrics.sentPackets[.publish] >= sentMax }

    /// As much may wait for a peer before it is taken for one that never reads.
    var backlogMax: Int { 2 * performer.share.bytes }

    /// A peer that sends and never reads is not listened to any longer, until it has taken most of
    /// its answers.
    @inline(never)
    private mutating func pauseFlooded(_ id: ConnectionID) {
        performer.outlets[id.index].isFlooded = true
        performer.pauseReading(id)
    }

    /// One whole packet, and those of its kind that stand behind it. False if nothing more is taken before
    /// `resumeReading`; what is left begins at `position`.
    @inline(__always)
    private mutating func take(
        _ header: FixedHeader, _ rule: PacketRule, _ bytes: Span<UInt8>, _ position: inout Int,
        on id: ConnectionID, at now: Instant
    ) throws(DecodeError) -> Bool {
        switch header.kind {
        case .publish:
            return try publishes(header, rule, bytes, &position, on: id, at: now)
        case .puback, .pubrec, .pubrel, .pubcomp:
            let packet = try AcknowledgementPacket(bytes, header, rule.version, from: .client)
            position = acknowledgements(
                packet.kind, Acknowledgement(id: packet.id, reason: packet.reason),
                endingAt: header.end, bytes, on: id, at: now)
        case .connect, .connack, .subscribe, .suback, .unsubscribe, .unsuback, .pingreq, .pingresp,
            .disconnect, .auth:
            try takeRare(header, rule.version, bytes, on: id, at: now)
            eventEnded()
            broker.count { $0.receivedPackets[header.kind] += 1 }
            position = header.end
            return broker.connections[id.index].welcome?.search == nil
        }
        return true
    }

    /// What does not come with each message stays out of the way of what does.
    @inline(never)
    private mutating func takeRare(
        _ header: FixedHeader, _ version: ProtocolVersion, _ bytes: Span<UInt8>,
        on id: ConnectionID, at now: Instant
    ) throws(DecodeError) {
        switch header.kind {
        case .connect:
            try connect(header, bytes, on: id, at: now)
        case .subscribe:
            let packet = try SubscribePacket(bytes, header, version)
            broker.subscribe(packet, bytes, on: id, at: now, into: &performer)
        case .unsubscribe:
            let packet = try UnsubscribePacket(bytes, header, version)
            broker.unsubscribe(packet, bytes, on: id, into: &performer)
        case .pingreq:
            _ = try PingPacket(header)
            broker.ping(on: id, into: &performer)
        case .disconnect:
            let packet = try DisconnectPacket(bytes, header, version, from: .client)
            performer.outlets[id.index].peerIsDone = true
            broker.disconnect(packet, on: id, at: now, into: &performer)
        case .auth, .connack, .suback, .unsuback, .pingresp, .publish, .puback, .pubrec, .pubrel,
            .pubcomp:
            // No method is offered, so no AUTH is due; the others are the server's. [MQTT-4.12.0-7]
            throw .protocolError(.packetOutOfPlace)
        }
    }

    private mutating func connect(
        _ header: FixedHeader, _ bytes: Span<UInt8>, on id: ConnectionID, at now: Instant
    ) throws(DecodeError) {
        guard broker.connections[id.index].phase == .awaitingConnect else {
            throw .protocolError(.packetOutOfPlace)  // [MQTT-3.1.0-2]
        }
        // Even a CONNECT that is wrong tells how it wants to be refused.
        if let version = ConnectPacket.version(of: bytes, header) {
            broker.connections[id.index].version = version
        }
        let packet = try ConnectPacket(bytes, header)
        broker.connect(packet, bytes, on: id, at: now, into: &performer)
    }

    /// [MQTT-4.13.1-1]
    @inline(never)
    private mutating func refuse(_ error: DecodeError, on id: ConnectionID, at now: Instant) {
        switch error {
        case .unsupportedVersion(let level):
            broker.unsupportedVersion(level, on: id, at: now, into: &performer)
        default:
            broker.violated(id, error.reason, error.description, at: now, into: &performer)
        }
    }
}
