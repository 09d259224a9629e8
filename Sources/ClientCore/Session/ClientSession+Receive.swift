// SPDX-License-Identifier: Apache-2.0
//
// The receiving half: PUBLISH is offered to the application, and nothing is acknowledged before the
// application says that it has stored it. The same for PUBREL and forgetting.
import MQTT

///     unknown ──PUBLISH──► arrived ──stored: PUBREC──► stored ──PUBREL──► releasing
///        ▲                  │   ▲                      │   ▲                  │
///        │                  └───┘ PUBLISH again        └───┘ PUBLISH again    │
///        └──────────────────────forgotten: PUBCOMP────────────────────────────┘
///
/// A repeat is offered too: its acknowledgement must wait for the same commit as the first one's.
extension ClientSession {
    mutating func received(
        _ packet: PublishPacket, at now: Instant, into effects: inout [ClientEffect]
    ) throws(DecodeError) {
        // We announce no Topic Alias Maximum, so there are none. [MQTT-3.3.2-11]
        if packet.properties.topicAlias != nil { throw .topicAliasInvalid }
        guard let id = packet.id else {
            effects.append(.offer(IncomingMessage(packet, nil, isRepeat: false)))
            return
        }
        var isRepeat = incoming.contains(id)
        if packet.qos == .exactlyOnce, inbound.arrival(of: id) == .repeated { isRepeat = true }
        guard take(id, packet, at: now) else {  // [MQTT-3.3.4-9]
            return violated(
                .receiveMaximumExceeded, "more than \(options.receiveMaximum) PUBLISH at one time",
                into: &effects)
        }
        let receipt = Receipt(id: id, connection: connectionCount)
        effects.append(.offer(IncomingMessage(packet, receipt, isRepeat: isRepeat)))
    }

    /// False if there are more than we have allowed.
    private mutating func take(_ id: PacketID, _ packet: PublishPacket, at now: Instant) -> Bool {
        if var known = incoming[id] {
            if known.connection != connectionCount {
                known.connection = connectionCount
                connection?.openReceived += 1
            }
            known.stage = .arrived
            incoming.replace(id, with: known)
        } else {
            let step = step(.received, .publish, id, packet.qos)
            incoming.insert(
                Incoming(step: step, at: now, stage: .arrived, connection: connectionCount),
                for: id)
            connection?.openReceived += 1
        }
        return options.version == .v311
            || connection?.openReceived ?? 0 <= Int(options.receiveMaximum)
    }

    /// The application has seen the message and given it a name.
    package mutating func offered(
        _ message: IncomingMessage, topic: String, label: String?,
        into effects: inout [ClientEffect]
    ) {
        var step = step(.received, .publish, message.receipt?.id, message.qos)
        step.isDuplicate = message.duplicate
        step.isRetained = message.retain
        step.topic = topic
        step.size = message.payload.count
        step.message = label
        if let id = message.receipt?.id, var known = incoming[id] {
            known.step = step
            incoming.replace(id, with: known)
        }
        effects.append(.step(step))
    }

    /// The message is stored for good: PUBREC or PUBACK may leave. [MQTT-4.3.3-8]
    package mutating func stored(
        _ receipt: Receipt, at now: Instant, into effects: inout [ClientEffect]
    ) {
        guard receipt.connection >= sessionSince, var known = incoming[receipt.id] else { return }
        let qos = known.step.qos
        if qos == .exactlyOnce, inbound.arrival(of: receipt.id) == .first {
            inbound.store((), under: receipt.id)
        }
        // Said on an earlier connection, or answered already: nothing is owed.
        guard isOpen, known.connection == receipt.connection, known.stage == .arrived,
            receipt.connection == connectionCount
        else { return }
        known.stage = .stored
        incoming.replace(receipt.id, with: known)
        if qos == .exactlyOnce {
            answer(.pubrec, receipt.id, .onDisk(now - known.at), at: now, into: &effects)
        } else {
            answer(.puback, receipt.id, .onDisk(now - known.at), at: now, into: &effects)
            end(receipt.id)
        }
    }

    /// PUBREL.
    mutating func released(
        _ packet: AcknowledgementPacket, at now: Instant, into effects: inout [ClientEffect]
    ) {
        let id = packet.id
        guard inbound.arrival(of: id) == .repeated else {
            var step = self.step(.received, .pubrel, id, .exactlyOnce)
            step.outcome = .unknown
            effects.append(.step(step))
            let reason: ReasonCode = options.version == .v5 ? .packetIdentifierNotFound : .success
            effects.append(.acknowledge(.pubcomp, id, reason))
            step = self.step(.sent, .pubcomp, id, .exactlyOnce)
            step.outcome = .unknown
            effects.append(.step(step))
            return sent(at: now)
        }
        var known =
            incoming[id]
            ?? Incoming(
                step: step(.received, .publish, id, .exactlyOnce), at: now, stage: .stored,
                connection: 0)
        if incoming[id] == nil { incoming.insert(known, for: id) }
        if known.connection != connectionCount { connection?.openReceived += 1 }
        known.connection = connectionCount
        known.stage = .releasing
        incoming.replace(id, with: known)
        effects.append(.step(later(known.step, .received, .pubrel)))
        effects.append(.release(Receipt(id: id, connection: connectionCount)))
    }

    /// The identifier is forgotten for good: PUBCOMP may leave. [MQTT-4.3.3-11]
    package mutating func forgotten(
        _ receipt: Receipt, at now: Instant, into effects: inout [ClientEffect]
    ) {
        let id = receipt.id
        guard receipt.connection >= sessionSince, inbound.arrival(of: id) == .repeated,
            let known = incoming[id]
        else { return }
        // PUBREL has come again since: the answer to that one is still to come.
        guard known.connection == receipt.connection else { return }
        inbound.release(id)
        if isOpen, receipt.connection == connectionCount {
            answer(.pubcomp, id, .done(now - known.at), at: now, into: &effects)
        }
        end(id)
    }

    private mutating func end(_ id: PacketID) {
        guard let known = incoming.remove(id) else { return }
        connection?.hasServed = true
        if known.connection == connectionCount { connection?.openReceived -= 1 }
    }

    private mutating func answer(
        _ kind: PacketKind, _ id: PacketID, _ outcome: HandshakeStep.Outcome, at now: Instant,
        into effects: inout [ClientEffect]
    ) {
        effects.append(.acknowledge(kind, id, .success))
        if let known = incoming[id] {
            var step = later(known.step, .sent, kind)
            step.outcome = outcome
            effects.append(.step(step))
        }
        sent(at: now)
    }

    /// A later line of the same handshake.
    private func later(
        _ first: HandshakeStep, _ direction: HandshakeStep.Direction, _ kind: PacketKind
    ) -> HandshakeStep {
        var step = first
        step.direction = direction
        step.packet = kind
        return step
    }
}
