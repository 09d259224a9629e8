// SPDX-License-Identifier: Apache-2.0
//
// The beginning and the end of a connection: CONNECT, CONNACK, DISCONNECT, and what the loss of the
// server's session means.
import MQTT

extension ClientSession {
    /// A socket is connected.
    package mutating func opened(at now: Instant, into effects: inout [ClientEffect]) {
        connectionCount += 1
        connection = Connection(
            number: connectionCount, openedAt: now, keepAlive: options.keepAlive, lastSent: now,
            awaited: (.connack, now + options.answerTime), inFlightMax: options.inFlightMax)
        effects.append(.connect(cleanStart: asksForCleanStart))
    }

    /// In MQTT 3.1.1 a clean session ends with its connection [MQTT-3.1.2-6]: there it serves only to
    /// throw away what the server may hold of a client of our name that we know nothing of.
    private var asksForCleanStart: Bool {
        options.version == .v5 ? !knowsSession : cleansing == .due
    }

    /// Whether all that this connection is for is to throw an unknown session away, or to find that
    /// there is one.
    private mutating func cleanses(_ packet: ConnackPacket) -> Bool {
        guard options.version == .v311, !knowsSession else { return false }
        switch cleansing {
        case .none where packet.sessionPresent: cleansing = .due
        case .due where !packet.sessionPresent: cleansing = .done
        case .none, .due, .done: return false
        }
        return true
    }

    mutating func accepted(
        _ packet: ConnackPacket, in bytes: Span<UInt8>, at now: Instant,
        into effects: inout [ClientEffect]
    ) throws(DecodeError) {
        guard connection?.phase == .connecting else {
            throw .protocolError(.packetOfOtherRole)
        }
        guard packet.reason == .success else {
            effects.append(.tell(.refused(packet.reason, text(bytes, packet.reasonString))))
            return leave(.success, into: &effects)
        }
        if cleanses(packet) {
            reconnectsAtOnce = true
            connection?.phase = .open
            return leave(.normalDisconnection, into: &effects)
        }
        if packet.sessionPresent && !knowsSession {  // [MQTT-3.2.2-4]
            cleansing = .none
            return violated(
                .protocolError, "session present after a clean start", into: &effects)
        }
        guard packet.maximumQoS >= options.requiredQoS else {  // [MQTT-3.2.2-11]
            effects.append(.tell(.qosNotOffered(packet.maximumQoS)))
            connection?.phase = .open
            return leave(.normalDisconnection, into: &effects)
        }
        open(packet)
        effects.append(
            .tell(
                .connected(
                    options.version, resumed: packet.sessionPresent,
                    inFlight: outbox.inFlightCount)))
        if !packet.sessionPresent { beginSession(into: &effects) }
        subscribe(resumed: packet.sessionPresent, at: now, into: &effects)
        resume(at: now, into: &effects)
    }

    private mutating func open(_ packet: ConnackPacket) {
        connection?.phase = .open
        connection?.awaited = nil
        connection?.packetSizeMax = packet.maximumPacketSize
        connection?.inFlightMax = min(options.inFlightMax, Int(packet.receiveMaximum))
        if let seconds = packet.serverKeepAlive {  // [MQTT-3.2.2-21]
            connection?.keepAlive = KeepAlive(seconds: seconds)
        }
    }

    /// The server has no session of ours. [MQTT-3.2.2-5]
    private mutating func beginSession(into effects: inout [ClientEffect]) {
        let knewSession = knowsSession
        knowsSession = true
        hasSubscribed = false
        sessionSince = connectionCount
        guard knewSession else { return record(.sessionBegun, into: &effects) }
        let inDoubt = outbox.released.map(\.message.label)
        if outbox.inFlightCount > 0 {
            effects.append(
                .tell(
                    .sessionLost(
                        sentAgain: outbox.inFlightCount - inDoubt.count, inDoubt: inDoubt)))
            record(.sessionLost, into: &effects)
        }
        sentAt = PacketIDTable()
        inbound = InboundQoS2()
        incoming = PacketIDTable()
        effects.append(.forgetSession)
    }

    mutating func dismissed(
        _ packet: DisconnectPacket, in bytes: Span<UInt8>, into effects: inout [ClientEffect]
    ) {
        effects.append(.tell(.dismissed(packet.reason, text(bytes, packet.reasonString))))
        connection?.phase = .leaving
        effects.append(.close(flushing: true))
    }

    /// The socket is gone. Answers that were owed on it are not owed any more. How long it had
    /// been of use; nil if it never was.
    package mutating func closed(at now: Instant) -> Duration? {
        reconnectsAtOnce = false
        defer { connection = nil }
        guard let connection, connection.phase != .connecting else { return nil }
        return now - connection.openedAt
    }

    /// Nothing more is wanted from the server.
    package mutating func finish(into effects: inout [ClientEffect]) {
        if isOpen { effects.append(.tell(.disconnected)) }
        leave(.normalDisconnection, into: &effects)
    }
}
