// SPDX-License-Identifier: Apache-2.0
// How connections end: DISCONNECT, a lost socket, a violation, take-over, shutdown. And how
// sessions end, which is later or at once.
import MQTT

extension Broker {
    /// DISCONNECT came. [MQTT-3.14.4-3]
    package mutating func disconnect(
        _ packet: DisconnectPacket, on id: ConnectionID, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        let session = connections[id.index].session
        if let seconds = packet.sessionExpiry {
            // [MQTT-3.14.2-2]: what began as a session of the connection cannot outlive it.
            guard state[session].expiry.outlivesConnection || seconds == 0 else {
                violated(id, .protocolError, "expiry raised at DISCONNECT", at: now, into: &effects)
                return
            }
            let expiry = SessionExpiry(seconds: min(seconds, limits.sessionExpiryMax.seconds))
            record(.expiryChanged(session, expiry), into: &effects)
        }
        if packet.reason == .normalDisconnection, state[session].will != nil {
            record(.willForgotten(session), into: &effects)
        }
        leave(id, .disconnected, at: now, into: &effects)
    }

    /// The peer broke the rules, or sent what it may not.
    @inline(never)
    package mutating func violated(
        _ id: ConnectionID, _ reason: ReasonCode, _ detail: String, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        switch connections[id.index].phase {
        case .awaitingConnect:
            count { $0.refusedConnections[reason] += 1 }
            effects.tell(.refused(nil, peer: peer(of: id), reason, detail: detail))
            if connections[id.index].version == .v5 {
                effects.answer(.connack(Answer.Connack(reason: reason)), to: id, from: &self)
            }
        case .open:
            count { $0.violations[reason] += 1 }
            effects.disconnect(reason, id, from: &self)
        case .closing:
            return
        }
        leave(id, .violated(detail), at: now, into: &effects)
    }

    /// CONNECT with a level that is not spoken here. [MQTT-3.1.2-2]
    package mutating func unsupportedVersion(
        _ level: UInt8, on id: ConnectionID, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        let reason = ReasonCode.unsupportedProtocolVersion
        count { $0.refusedConnections[reason] += 1 }
        effects.tell(
            .refused(nil, peer: peer(of: id), reason, detail: "protocol level \(level)"))
        connections[id.index].version = level >= 5 ? .v5 : .v311
        effects.answer(.connack(Answer.Connack(reason: reason)), to: id, from: &self)
        leave(id, at: now, into: &effects)
    }

    /// The broker stops: every client is told. [MQTT-3.14.4-1]
    package mutating func shutDown(at now: Instant, into effects: inout some Effects & ~Copyable) {
        let reason: ReasonCode =
            limits.serverReference == nil ? .serverShuttingDown : .useAnotherServer
        for place in 0..<connections.bound where connections.contains(place) {
            let id = ConnectionID(place: UInt32(place))
            if connections[place].phase == .open { effects.disconnect(reason, id, from: &self) }
            leave(id, .shutDown, at: now, into: &effects)
        }
    }

    /// Takes nothing more from the connection; it closes when its output has left.
    /// For its session the connection has ended already.
    mutating func leave(
        _ id: ConnectionID, _ departure: Departure = .disconnected, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        guard connections[id.index].phase != .closing else { return }
        let wasOpen = connections[id.index].phase == .open
        connections[id.index].phase = .closing
        abandonSearch(of: id)
        effects.setDeadline(.connection(id), nil)
        effects.close(id, from: &self)
        guard wasOpen else { return }
        depart(connections[id.index].session, departure, at: now, into: &effects)
    }

    /// The socket is gone.
    package mutating func closed(
        _ id: ConnectionID, _ cause: String, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        effects.setDeadline(.connection(id), nil)
        abandonSearch(of: id)
        let connection = connections.remove(id.index)
        connection.welcome?.found.forEach { state.messages.release($0.message) }
        if connection.isPaused { paused.removeAll { $0 == id } }
        guard connection.phase == .open else { return }
        depart(connection.session, .connectionLost(cause), at: now, into: &effects)
    }

    /// Another connection takes the session: the old one is told and closed. [MQTT-3.1.4-3]
    mutating func takeOver(
        _ session: SessionID, byCleanStart: Bool, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        guard let id = state[session].connection else { return }
        effects.disconnect(.sessionTakenOver, id, from: &self)
        // A will with a delay is spared when the session goes on. [MQTT-3.1.3-9]
        let sessionGoesOn = !byCleanStart && state[session].expiry.outlivesConnection
        if sessionGoesOn, let will = state[session].will, will.delay > 0 {
            record(.willForgotten(session), into: &effects)
        }
        leave(id, .takenOver, at: now, into: &effects)
    }

    /// What follows for the session when its connection has ended.
    private mutating func depart(
        _ session: SessionID, _ departure: Departure, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        state[session].connection = nil
        count { $0.connectionsOpen -= 1 }
        let outlives = state[session].expiry.outlivesConnection
        let publishesWill = state[session].will.map { $0.delay == 0 || !outlives } ?? false
        effects.tell(
            .disconnected(state[session].client, departure, willPublished: publishesWill))
        guard outlives else {
            endSession(session, expired: false, at: now, into: &effects)
            return
        }
        if publishesWill { publishWill(of: session, at: now, into: &effects) }
        record(.closed(session, at: now), into: &effects)
        rest(session)
        armSession(session, into: &effects)
    }

    /// The session is over for good. A will that still waits goes out now; its unreleased messages
    /// go with it, counted.
    mutating func endSession(
        _ session: SessionID, expired: Bool, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        if state[session].will != nil { publishWill(of: session, at: now, into: &effects) }
        if expired { count { $0.sessionsExpired += 1 } }
        let client = state[session].client
        tellDropped(.publisherEnded, client, state[session].inbound.count, into: &effects)
        let undelivered = state[session].outbound.count + state[session].waiting.count
        let taken = handOver(from: session, at: now, into: &effects)
        tellDropped(.sessionEnded, client, undelivered - taken, into: &effects)
        effects.tell(.sessionEnded(client, expired: expired))
        effects.setDeadline(.session(session), nil)
        record(.ended(session), into: &effects)
        armLeftBehind(at: now, into: &effects)
        resumePaused(into: &effects)
    }

    private mutating func tellDropped(
        _ reason: DropReason, _ client: ClientID, _ number: Int,
        into effects: inout some Effects & ~Copyable
    ) {
        guard number > 0 else { return }
        count { $0.dropped[Int(reason.rawValue)] += UInt64(number) }
        effects.tell(.dropped(reason, client: client, message: nil, count: number))
    }
}
