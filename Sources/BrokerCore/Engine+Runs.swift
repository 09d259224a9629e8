// SPDX-License-Identifier: Apache-2.0
// The packets that come with each message come in runs of one kind: a window's worth of PUBLISH, then
// as many PUBREL. Each kind has code of its own, in which no other is left and which stays with it as
// long as the run lasts. That is a sixth less to do than to ask of each packet what it is.
import Journal
import MQTT

extension Engine {
    /// A PUBLISH, and those that stand behind it. False if one has to be offered again, at `position`.
    @inline(never)
    mutating func publishes(
        _ first: FixedHeader, _ rule: PacketRule, _ bytes: Span<UInt8>, _ position: inout Int,
        on id: ConnectionID, at now: Instant
    ) throws(DecodeError) -> Bool {
        let backlogMax = backlogMax
        var header = first
        while true {
            let isTaken = try publish(header, rule.version, bytes, on: id, at: now)
            eventEnded()
            if !isTaken { return false }
            broker.count { $0.receivedPackets[.publish] += 1 }
            position = header.end
            guard isSound(id, backlogMax), let next = try rule.publish(in: bytes, at: position)
            else { return true }
            header = next
        }
    }

    @inline(__always)
    private mutating func publish(
        _ header: FixedHeader, _ version: ProtocolVersion, _ bytes: Span<UInt8>,
        on id: ConnectionID, at now: Instant
    ) throws(DecodeError) -> Bool {
        if waitsForDisk(id) { return false }
        let packet = try PublishPacket(
            bytes, header, version, from: .client, validatingTopic: false)
        let entry = broker.lastEntry(of: bytes.extracting(packet.topic))
        if entry == nil { try packet.validateTopic(in: bytes) }
        performer.traceArrival(of: packet, bytes, on: id, broker)
        let unacknowledged =
            version == .v5
            ? performer.outlets[id.index].unacknowledged.count(durable: performer.journal.durable)
            : 0
        return broker.publish(
            packet, bytes, through: entry, on: id, unacknowledged: unacknowledged, at: now,
            into: &performer)
    }
}

/// What an acknowledgement says.
struct Acknowledgement {
    let id: PacketID
    var reason = ReasonCode.success
}

extension Engine {
    /// An acknowledgement that ends at `end`, and those of its kind that stand behind it in their short
    /// form. The answer is where they end.
    @inline(__always)
    mutating func acknowledgements(
        _ kind: PacketKind, _ first: Acknowledgement, endingAt end: Int, _ bytes: Span<UInt8>,
        on id: ConnectionID, at now: Instant
    ) -> Int {
        switch kind {
        case .puback: pubacks(first, end, bytes, on: id, at: now)
        case .pubrec: pubrecs(first, end, bytes, on: id, at: now)
        case .pubrel: pubrels(first, end, bytes, on: id, at: now)
        default: pubcomps(first, end, bytes, on: id, at: now)
        }
    }

    @inline(never)
    private mutating func pubacks(
        _ first: Acknowledgement, _ end: Int, _ bytes: Span<UInt8>, on id: ConnectionID,
        at now: Instant
    ) -> Int {
        run(of: .puback, first, end, bytes, on: id, at: now)
    }

    @inline(never)
    private mutating func pubrecs(
        _ first: Acknowledgement, _ end: Int, _ bytes: Span<UInt8>, on id: ConnectionID,
        at now: Instant
    ) -> Int {
        run(of: .pubrec, first, end, bytes, on: id, at: now)
    }

    @inline(never)
    private mutating func pubrels(
        _ first: Acknowledgement, _ end: Int, _ bytes: Span<UInt8>, on id: ConnectionID,
        at now: Instant
    ) -> Int {
        run(of: .pubrel, first, end, bytes, on: id, at: now)
    }

    @inline(never)
    private mutating func pubcomps(
        _ first: Acknowledgement, _ end: Int, _ bytes: Span<UInt8>, on id: ConnectionID,
        at now: Instant
    ) -> Int {
        run(of: .pubcomp, first, end, bytes, on: id, at: now)
    }

    @inline(__always)
    private mutating func run(
        of kind: PacketKind, _ first: Acknowledgement, _ end: Int, _ bytes: Span<UInt8>,
        on id: ConnectionID, at now: Instant
    ) -> Int {
        let backlogMax = backlogMax
        var (packet, position) = (first, end)
        while true {
            performer.traceStep(.received, kind, packet.id, packet.reason, id, broker)
            acknowledged(kind, packet, on: id, at: now)
            eventEnded()
            broker.count { $0.receivedPackets[kind] += 1 }
            guard isSound(id, backlogMax),
                let next = AcknowledgementPacket.shortForm(in: bytes, at: position),
                next.kind == kind
            else { return position }
            packet = Acknowledgement(id: next.id)
            position += AcknowledgementPacket.shortSize
        }
    }

    @inline(__always)
    private mutating func acknowledged(
        _ kind: PacketKind, _ packet: Acknowledgement, on id: ConnectionID, at now: Instant
    ) {
        let (packetID, reason) = (packet.id, packet.reason)
        switch kind {
        case .puback:
            broker.acknowledged(.puback, packetID, reason, on: id, at: now, into: &performer)
        case .pubrec:
            broker.acknowledged(.pubrec, packetID, reason, on: id, at: now, into: &performer)
        case .pubrel:
            broker.release(packetID, on: id, at: now, into: &performer)
        default:
            broker.acknowledged(.pubcomp, packetID, reason, on: id, at: now, into: &performer)
        }
    }

    /// It is taken from, not flooded with what it was answered, and others need not have their turn.
    @inline(__always)
    private func isSound(_ id: ConnectionID, _ backlogMax: Int) -> Bool {
        guard let backlog = performer.outlets[id.index].backlog else { return false }
        return backlog <= backlogMax && !hasSentMuch
    }
}
