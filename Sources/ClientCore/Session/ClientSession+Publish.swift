// SPDX-License-Identifier: Apache-2.0
//
// The sending half: messages from the outbox into the window, resends on a new connection, and what
// the server's acknowledgements mean.
import MQTT

extension ClientSession {
    /// Whether `enqueue` would take a message.
    package var takesMessages: Bool {
        outbox.count < options.outboxMax
            || (options.outboxOverflow == .dropOldest && outbox.nextWaiting != nil)
    }

    /// Puts a message into the outbox, unless that is full. It counts as taken when the effect
    /// `taken` tells so. Nil where it is refused.
    package mutating func enqueue(
        _ message: OutboxMessage, at now: Instant, into effects: inout [ClientEffect]
    ) -> MessageNumber? {
        if outbox.count >= options.outboxMax {
            guard options.outboxOverflow == .dropOldest, dropOldest(into: &effects) else {
                return nil
            }
        }
        let number = outbox.nextNumber
        record(.enqueued(number, message), into: &effects)
        effects.append(.taken(number))
        publish(at: now, into: &effects)
        return number
    }

    /// Gives up the oldest message that is not on its way. False if all are.
    private mutating func dropOldest(into effects: inout [ClientEffect]) -> Bool {
        guard let number = outbox.nextWaiting, let message = outbox[number] else { return false }
        record(.removed(number, .overflow), into: &effects)
        effects.append(.tell(.dropped(message.label, .overflow)))
        return true
    }

    /// The session goes on over a new connection: everything without a last answer is sent again,
    /// in the order of its first sending. [MQTT-4.4.0-1], [MQTT-4.6.0-1], [MQTT-4.6.0-4]
    mutating func resume(at now: Instant, into effects: inout [ClientEffect]) {
        outbox.connectionChanged()
        for (id, message) in outbox.released {
            release(id, message, isRepeat: true, at: now, into: &effects)
        }
        publish(at: now, into: &effects)
    }

    /// Sends what the server's window has room for.
    mutating func publish(at now: Instant, into effects: inout [ClientEffect]) {
        guard let connection, connection.phase == .open else { return }
        while let (id, message) = outbox.nextResend(limit: connection.inFlightMax) {
            resend(id, message, at: now, into: &effects)
        }
        guard publishPausedUntil == nil else { return }
        while let number = outbox.nextWaiting, let message = outbox[number] {
            guard send(number, message, at: now, into: &effects) else { return }
        }
    }

    /// False when there is no room.
    private mutating func send(
        _ number: MessageNumber, _ message: OutboxMessage, at now: Instant,
        into effects: inout [ClientEffect]
    ) -> Bool {
        guard let connection else { return false }
        var head = PublishHead(qos: .atMostOnce)
        if message.qos > .atMostOnce {
            guard let id = outbox.nextID(limit: connection.inFlightMax),
                id != connection.subscribing?.id
            else { return false }
            head = PublishHead(qos: message.qos, id: id)
        }
        guard message.encoder(head, options.version).fits(connection.packetSizeMax) else {
            record(.removed(number, .tooLarge), into: &effects)
            effects.append(.tell(.dropped(message.label, .tooLarge)))
            return true
        }
        if let id = head.id {
            record(.sent(number, id), into: &effects)
            sentAt.insert(now, for: id)
        } else {
            record(.removed(number, .sentOnce), into: &effects)
        }
        put(message, head, at: now, into: &effects)
        return true
    }

    /// Same identifier, DUP. [MQTT-3.3.1-1]
    private mutating func resend(
        _ id: PacketID, _ message: OutboxMessage, at now: Instant,
        into effects: inout [ClientEffect]
    ) {
        let head = PublishHead(qos: message.qos, duplicate: true, id: id)
        // A server may have become smaller since. What it cannot take must not keep its place in
        // the window for ever.
        guard message.encoder(head, options.version).fits(connection?.packetSizeMax) else {
            close(id, .packetTooLarge, at: now, into: &effects)
            effects.append(.tell(.dropped(message.label, .tooLarge)))
            return
        }
        if !sentAt.contains(id) { sentAt.insert(now, for: id) }
        put(message, head, at: now, into: &effects)
    }

    private mutating func put(
        _ message: OutboxMessage, _ head: PublishHead, at now: Instant,
        into effects: inout [ClientEffect]
    ) {
        effects.append(.publish(message, head))
        var step = step(.sent, .publish, head.id, of: message)
        step.isDuplicate = head.duplicate
        effects.append(.step(step))
        sent(at: now)
    }

    /// PUBACK, PUBREC or PUBCOMP.
    mutating func acknowledged(
        _ packet: AcknowledgementPacket, _ acknowledgement: OutboundFlow.Acknowledgement,
        at now: Instant, into effects: inout [ClientEffect]
    ) throws(DecodeError) {
        guard let (flow, message) = outbox.flight(packet.id) else {
            return acknowledgedUnknown(packet, acknowledgement, at: now, into: &effects)
        }
        var step = step(.received, packet.kind, packet.id, of: message)
        switch flow.step(on: acknowledgement, packet.reason) {
        case .release:
            step.outcome = .onDisk(age(packet.id, at: now))
            effects.append(.step(step))
            record(.acknowledged(packet.id), into: &effects)
            release(packet.id, message, isRepeat: false, at: now, into: &effects)
        case .repeatRelease:
            step.outcome = .repeated
            effects.append(.step(step))
            release(packet.id, message, isRepeat: true, at: now, into: &effects)
        case .complete:
            step.outcome = .done(age(packet.id, at: now))
            effects.append(.step(step))
            close(packet.id, .success, at: now, into: &effects)
            publish(at: now, into: &effects)
        case .refuse:
            step.outcome = .refused(packet.reason)
            effects.append(.step(step))
            refused(packet, flow, message, at: now, into: &effects)
        case .violation:
            throw .protocolError(.packetOfOtherRole)
        }
    }

    /// A repeat of what is finished here, or an answer to a session before this one.
    private mutating func acknowledgedUnknown(
        _ packet: AcknowledgementPacket, _ acknowledgement: OutboundFlow.Acknowledgement,
        at now: Instant, into effects: inout [ClientEffect]
    ) {
        let qos: QoS = acknowledgement == .puback ? .atLeastOnce : .exactlyOnce
        var step = step(.received, packet.kind, packet.id, qos)
        step.outcome = .unknown
        effects.append(.step(step))
        guard acknowledgement == .pubrec, !packet.reason.isFailure else { return }
        let reason: ReasonCode = options.version == .v5 ? .packetIdentifierNotFound : .success
        effects.append(.acknowledge(.pubrel, packet.id, reason))
        step = self.step(.sent, .pubrel, packet.id, qos)
        step.outcome = .unknown
        effects.append(.step(step))
        sent(at: now)
    }

    /// [MQTT-4.3.3-4]
    private mutating func release(
        _ id: PacketID, _ message: OutboxMessage, isRepeat: Bool, at now: Instant,
        into effects: inout [ClientEffect]
    ) {
        effects.append(.acknowledge(.pubrel, id, .success))
        var step = step(.sent, .pubrel, id, of: message)
        if isRepeat { step.outcome = .repeated }
        effects.append(.step(step))
        sent(at: now)
    }

    /// The server did not take the message. Where that may change, it is sent again later under a
    /// new identifier; a message that was accepted before must not be sent again. [MQTT-4.3.3-6]
    private mutating func refused(
        _ packet: AcknowledgementPacket, _ flow: OutboundFlow, _ message: OutboxMessage,
        at now: Instant, into effects: inout [ClientEffect]
    ) {
        if flow != .released, packet.reason.mayPass {
            sentAt.remove(packet.id)
            record(.returned(packet.id, packet.reason), into: &effects)
            publishPausedUntil = now + options.refusalPause
            effects.append(
                .tell(
                    .publishRefused(
                        message.label, packet.reason, retryIn: options.refusalPause)))
        } else {
            close(packet.id, packet.reason, at: now, into: &effects)
            effects.append(.tell(.dropped(message.label, .refused(packet.reason))))
            publish(at: now, into: &effects)
        }
    }

    private mutating func close(
        _ id: PacketID, _ reason: ReasonCode, at now: Instant, into effects: inout [ClientEffect]
    ) {
        sentAt.remove(id)
        if reason.rawValue < 0x80 { connection?.hasServed = true }
        record(.completed(id, reason, at: now), into: &effects)
    }

    /// Since the first PUBLISH; zero if an earlier process has sent it.
    private func age(_ id: PacketID, at now: Instant) -> Duration {
        sentAt[id].map { now - $0 } ?? .zero
    }

    private func step(
        _ direction: HandshakeStep.Direction, _ kind: PacketKind, _ id: PacketID?,
        of message: OutboxMessage
    ) -> HandshakeStep {
        var step = step(direction, kind, id, message.qos)
        step.topic = String(decoding: message.topic, as: UTF8.self)
        step.size = message.payload.count
        step.message = message.label
        return step
    }
}

extension ReasonCode {
    /// Whether the same message may be taken later: the cause lies with the server, not with it.
    fileprivate var mayPass: Bool {
        switch self {
        case .quotaExceeded, .unspecifiedError, .implementationSpecificError,
            .packetIdentifierInUse, .notAuthorized:
            true
        default: false
        }
    }
}
