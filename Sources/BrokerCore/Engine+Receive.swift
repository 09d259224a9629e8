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
        let backlogMax = 2 * broker.limits.outputBytesMax
        var rule = PacketRule(for: broker.connections[id.index], broker.limits)
        var position = 0
        var isHeard = false
        while let backlog = performer.outlets[id.index].backlog {
            if backlog > backlogMax {
                pauseFlooded(id)
                return position
            }
            if let (kind, packet) = rule.acknowledgement(in: bytes, at: position) {
                noteSign(of: id, at: now, &isHeard)
                acknowledged(kind, packet, .success, on: id, at: now)
                eventEnded()
                broker.count { $0.receivedPackets[kind] += 1 }
                position += AcknowledgementPacket.shortSize
                continue
            }
            do {
                guard let header = try rule.packet(in: bytes, at: position) else {
                    notePart(bytes.count - position, on: id, at: now)
                    return position
                }
                noteSign(of: id, at: now, &isHeard)
                let isTaken = try take(header, rule.version, bytes, on: id, at: now)
                eventEnded()
                if !isTaken { return position }
                broker.count { $0.receivedPackets[header.kind] += 1 }
                position = header.end
                if header.kind == .connect {
                    rule = PacketRule(for: broker.connections[id.index], broker.limits)
                }
            } catch {
                refuse(error, on: id, at: now)
                eventEnded()
            }
        }
        return bytes.count
    }

    /// A packet has come whole, the first of this read or another.
    @inline(__always)
    private mutating func noteSign(of id: ConnectionID, at now: Instant, _ isNoted: inout Bool) {
        guard !isNoted else { return }
        isNoted = true
        broker.connections[id.index].lastReceived = now
        broker.connections[id.index].partReceived = 0
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

    /// A peer that sends and never reads is not listened to any longer, until it has taken most of
    /// its answers.
    @inline(never)
    private mutating func pauseFlooded(_ id: ConnectionID) {
        performer.outlets[id.index].isFlooded = true
        performer.pauseReading(id)
    }

    /// One whole packet. False if it was not taken and has to be offered again.
    @inline(__always)
    private mutating func take(
        _ header: FixedHeader, _ version: ProtocolVersion, _ bytes: Span<UInt8>,
        on id: ConnectionID, at now: Instant
    ) throws(DecodeError) -> Bool {
        switch header.kind {
        case .publish:
            return try publish(header, version, bytes, on: id, at: now)
        case .puback, .pubrec, .pubrel, .pubcomp:
            let packet = try AcknowledgementPacket(bytes, header, version, from: .client)
            acknowledged(packet.kind, packet.id, packet.reason, on: id, at: now)
        case .connect, .connack, .subscribe, .suback, .unsubscribe, .unsuback, .pingreq, .pingresp,
            .disconnect, .auth:
            try takeRare(header, version, bytes, on: id, at: now)
        }
        return true
    }

    private mutating func publish(
        _ header: FixedHeader, _ version: ProtocolVersion, _ bytes: Span<UInt8>,
        on id: ConnectionID, at now: Instant
    ) throws(DecodeError) -> Bool {
        if waitsForDisk(id) { return false }
        let packet = try PublishPacket(
            bytes, header, version, from: .client, validatingTopic: false)
        if !broker.isKnown(topic: bytes.extracting(packet.topic)) {
            try packet.validateTopic(in: bytes)
        }
        performer.traceArrival(of: packet, bytes, on: id, broker)
        let unacknowledged =
            version == .v5
            ? performer.outlets[id.index].unacknowledged.count(durable: performer.journal.durable)
            : 0
        return broker.publish(
            packet, bytes, on: id, unacknowledged: unacknowledged, at: now, into: &performer)
    }

    @inline(__always)
    private mutating func acknowledged(
        _ kind: PacketKind, _ packet: PacketID, _ reason: ReasonCode, on id: ConnectionID,
        at now: Instant
    ) {
        performer.traceStep(.received, kind, packet, reason, id, broker)
        switch kind {
        case .pubrel: released(packet, on: id, at: now)
        case .puback: confirmed(.puback, packet, reason, on: id, at: now)
        case .pubrec: confirmed(.pubrec, packet, reason, on: id, at: now)
        default: confirmed(.pubcomp, packet, reason, on: id, at: now)
        }
    }

    @inline(never)
    private mutating func released(_ packet: PacketID, on id: ConnectionID, at now: Instant) {
        broker.release(packet, on: id, at: now, into: &performer)
    }

    @inline(never)
    private mutating func confirmed(
        _ step: OutboundFlow.Acknowledgement, _ packet: PacketID, _ reason: ReasonCode,
        on id: ConnectionID, at now: Instant
    ) {
        broker.acknowledged(step, packet, reason, on: id, at: now, into: &performer)
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

/// What may come on a connection; it changes with CONNECT alone.
private struct PacketRule {
    let version: ProtocolVersion
    private let isOpen: Bool
    private let sizeMax: Int
    private let takesShort: Bool

    init(for connection: borrowing Connection, _ limits: borrowing Limits) {
        version = connection.version
        isOpen = connection.phase == .open
        let limit = Int(limits.packetSizeMax ?? .max)
        sizeMax = isOpen ? limit : min(limit, limits.connectBytesMax)
        takesShort = isOpen && sizeMax >= AcknowledgementPacket.shortSize
    }

    /// One of success, in its short form; nil for any other packet, and while it has not arrived.
    @inline(__always)
    func acknowledgement(
        in bytes: Span<UInt8>, at position: Int
    ) -> (kind: PacketKind, id: PacketID)? {
        guard takesShort else { return nil }
        return AcknowledgementPacket.shortForm(in: bytes, at: position)
    }

    /// Of a packet that may come; nil for any other, and while it has not arrived itself.
    func header(in bytes: Span<UInt8>, at position: Int) -> FixedHeader? {
        guard isOpen, let header = try? FixedHeader.read(bytes, at: position, version: version),
            header.end - position <= sizeMax
        else { return nil }
        return header
    }

    /// The header of a packet that has arrived whole; nil while it has not.
    @inline(__always)
    func packet(in bytes: Span<UInt8>, at position: Int) throws(DecodeError) -> FixedHeader? {
        guard
            let header = try FixedHeader.read(
                bytes, at: position, version: isOpen ? version : nil)
        else { return nil }
        if !isOpen, header.kind != .connect {
            throw .protocolError(.packetOutOfPlace)  // [MQTT-3.1.0-1]
        }
        try header.checkSize(from: position, limit: sizeMax)
        return header.end <= bytes.count ? header : nil
    }
}
