// SPDX-License-Identifier: Apache-2.0
//
// Bytes in and bytes out: packets found in what has arrived, and effects performed in their order,
// each send behind the journal's tail of that moment.
import Journal
import MQTT

extension ClientEngine {
    /// Takes the whole packets in `bytes`, and says how many bytes that were.
    package mutating func received(
        _ bytes: Span<UInt8>, at now: Instant, by application: any ClientApplication
    ) -> Int {
        var start = 0
        while let phase = session.connection?.phase, phase != .leaving {
            do throws(DecodeError) {
                guard let header = try next(bytes, at: start) else { break }
                try session.take(header, in: bytes, at: now, into: &effects)
                start = header.end
            } catch {
                session.violated(error.reason, "\(error)", into: &effects)
            }
            perform(bytes, application, at: now)
        }
        stopIfDone(at: now)
        let takesMore = session.connection.map { $0.phase != .leaving } ?? false
        return takesMore ? start : bytes.count
    }

    /// The next packet, once all of it is here.
    private func next(_ bytes: Span<UInt8>, at start: Int) throws(DecodeError) -> FixedHeader? {
        guard
            let header = try FixedHeader.read(bytes, at: start, version: session.options.version)
        else { return nil }
        try header.checkSize(from: start, limit: Int(session.options.packetSizeMax))
        return header.end <= bytes.count ? header : nil
    }

    /// Effects of a received packet: the application may be needed.
    private mutating func perform(
        _ bytes: Span<UInt8>, _ application: any ClientApplication, at now: Instant
    ) {
        var index = 0
        while index < effects.count {
            switch effects[index] {
            case .offer(let message): offer(message, bytes, application, at: now)
            case .release(let receipt): application.released(receipt)
            case .forgetSession: application.sessionLost()
            default: perform(effects[index])
            }
            index += 1
        }
        effects.removeAll(keepingCapacity: true)
    }

    private mutating func offer(
        _ message: IncomingMessage, _ bytes: Span<UInt8>, _ application: any ClientApplication,
        at now: Instant
    ) {
        let reception = application.arrived(message, in: bytes)
        var label = message.label(in: bytes)
        if case .willBeStored(let known) = reception { label = known ?? label }
        session.offered(
            message, topic: text(bytes, message.topic), label: label, into: &effects)
        guard reception == .ignored, let receipt = message.receipt else { return }
        session.stored(receipt, at: now, into: &effects)
    }

    /// Effects of anything else.
    mutating func perform() {
        for index in effects.indices {
            perform(effects[index])
        }
        effects.removeAll(keepingCapacity: true)
    }

    private mutating func perform(_ effect: ClientEffect) {
        let version = session.options.version
        switch effect {
        case .record(let fact): fact.append(to: &journal)
        case .connect(let cleanStart): send(connect(cleanStart))
        case .publish(let message, let head): send(message, head)
        case .acknowledge(let kind, let id, .success):
            output.append(
                word: AcknowledgementPacket.shortForm(kind, id), behind: journal.tail,
                durable: journal.durable)
        case .acknowledge(let kind, let id, let reason):
            send(AcknowledgementEncoder(version, kind, id, reason))
        case .subscribe(let id, let places):
            let requests = places.map { session.options.subscriptions[$0] }
            send(SubscribeEncoder(version, id, requests))
        case .ping:
            append(2) { $0.append(word: PingPacket.shortForm(.pingreq)) }
        case .disconnect(let reason):
            if version == .v5 || reason == .normalDisconnection {
                send(DisconnectEncoder(version, reason))
            }
        case .close(flushing: true): act(.close(flushing: true))
        case .close(flushing: false): urgent.append(.close(flushing: false))
        case .taken(let number): act(.taken(number))
        case .step(let step): act(.step(step))
        case .tell(let note): act(.tell(note))
        case .offer, .release, .forgetSession:
            preconditionFailure("only a packet brings this")
        }
    }

    func connect(_ cleanStart: Bool) -> ConnectEncoder {
        let options = session.options
        var packet = ConnectEncoder(
            options.version, clientID: options.clientID, cleanStart: cleanStart,
            keepAlive: options.keepAlive.seconds)
        packet.sessionExpiry = options.sessionExpiry
        if options.receiveMaximum < .max { packet.receiveMaximum = options.receiveMaximum }
        packet.maximumPacketSize = options.packetSizeMax
        return packet
    }

    private mutating func send(_ packet: some PacketEncoder) {
        append(packet.encodedSize) { packet.encode(into: &$0) }
    }

    private mutating func append(_ size: Int, _ write: (inout OutputRawSpan) -> Void) {
        output.append(
            atMost: size, behind: journal.tail, durable: journal.durable, write)
    }

    private mutating func send(_ message: OutboxMessage, _ head: PublishHead) {
        let version = session.options.version
        let encoder = message.encoder(head, version)
        append(encoder.packetSize) { output in
            if version == .v5 {
                encoder.encode(
                    topic: message.topic.span, forwardable: message.properties.span, into: &output)
            } else {
                encoder.encode(topic: message.topic.span, into: &output)
            }
            output.append(message.payload.span)
        }
    }

    mutating func act(_ action: ClientAction) {
        gated.append((journal.tail, action))
    }

    /// The connection is gone, and with it what waited for a gate to leave on it.
    mutating func dropOutput() {
        _ = output.removeAll()
        gated.removeSubrange(..<gatedDone)
        gatedDone = 0
        gated.removeAll { entry in
            switch entry.action {
            case .step(let step): step.direction == .sent
            case .close: true
            case .dial, .taken, .tell, .stopped: false
            }
        }
    }
}

extension ClientEngine {
    /// Everything that this turn brought is staged: make it durable.
    package mutating func turnEnded() {
        journal.submit()
    }

    /// The journal's home has made a batch durable that it had not at once.
    package mutating func committed(_ batch: UInt64) {
        journal.committed(batch)
    }

    /// Nothing is on its way to the disk.
    package var isSettled: Bool { journal.isSettled }

    package var hasWritable: Bool {
        mutating get { output.isWritable(durable: journal.durable) }
    }

    /// Calls `body` with each piece that may leave now, in order, until it answers false.
    package mutating func forEachWritable(_ body: (UnsafeRawBufferPointer) -> Bool) {
        unsafe output.forEachWritable(durable: journal.durable, body)
    }

    package mutating func wrote(_ count: Int) {
        _ = output.wrote(count)
    }
}
