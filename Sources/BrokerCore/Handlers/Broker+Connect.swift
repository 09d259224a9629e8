// SPDX-License-Identifier: Apache-2.0
// A socket was accepted, and CONNECT arrived on it: checks, session, take-over, CONNACK.
import MQTT

extension Broker {
    package mutating func opened(
        _ id: ConnectionID, peer: String, _ terms: Terms? = nil, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        connections.insert(
            Connection(peer: peer, terms ?? limits.terms, at: now), at: id.index)
        count { $0.connectionsTotal += 1 }
        effects.setDeadline(.connection(id), now + limits.connectTime)
    }

    private func arrival(of id: ConnectionID) -> Arrival {
        guard let arrival = connections[id.index].arrival else {
            preconditionFailure("connection \(id.place) has had its CONNECT")
        }
        return arrival
    }

    func peer(of id: ConnectionID) -> String { arrival(of: id).peer }

    package mutating func connect(
        _ packet: ConnectPacket, _ bytes: Span<UInt8>, on id: ConnectionID, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        connections[id.index].version = packet.version
        connections[id.index].packetSizeMax = packet.maximumPacketSize ?? .max
        connections[id.index].wantsProblemInformation = packet.requestProblemInformation
        let terms = arrival(of: id).terms
        let asked = ClientID(bytes, packet.clientID)
        let client = asked.isEmpty ? assignClientID(terms) : asked
        if let reason = refusal(of: packet, bytes, asked, client, terms) {
            refuse(id, asked, reason, at: now, into: &effects)
            return
        }
        var connack = Answer.Connack(reason: .success, receiveMaximum: limits.inFlightMax)
        connack.maximumPacketSize = limits.packetSizeMax
        if asked.isEmpty { connack.assignedClient = client }  // [MQTT-3.1.3-7]
        if packet.requestResponseInformation {  // [MQTT-3.1.2-28]
            connack.responseInformation = limits.responseInformation?
                .replacing("%c", with: client.description)
        }
        let will = makeWill(packet, bytes)
        let opening = Details.Opening(
            client: client, expiry: expiry(of: packet), will: will,
            willDelay: packet.will?.delay ?? 0,
            willExpiry: packet.will?.properties.messageExpiry)
        let (session, isPresent) = enter(opening, packet, at: now, into: &effects)
        tellConnected(id, session, isPresent, into: &effects)
        join(id, session, packet)
        connack.sessionPresent = isPresent
        adjust(&connack, packet, opening.expiry, on: id)
        effects.answer(.connack(connack), to: id, from: &self)
        armKeepAlive(id, at: now, into: &effects)
        effects.setDeadline(.session(session), nil)
        if let will { effects.letGo(will, of: &self) }
        resume(session, on: id, at: now, into: &effects)
    }

    /// Why this CONNECT is not welcome; nil if it is. `client` was assigned where none was asked for.
    private func refusal(
        of packet: ConnectPacket, _ bytes: Span<UInt8>, _ asked: ClientID, _ client: ClientID,
        _ terms: Terms
    ) -> ReasonCode? {
        guard terms.versions.contains(packet.version) else {
            return .unsupportedProtocolVersion
        }
        if packet.authenticationMethod != nil { return .badAuthenticationMethod }
        if asked.isEmpty, !mayBeEmpty(packet, terms) { return .clientIdentifierNotValid }
        if !terms.allowsAnonymous { return .notAuthorized }
        if let prefix = limits.clientIDPrefix, !client.bytes.starts(with: prefix.utf8) {
            return .notAuthorized
        }
        if keepsTooLong(packet) { return .clientIdentifierNotValid }
        if state.sessions.count >= limits.sessionsMax, state.session(of: client) == nil {
            return .quotaExceeded
        }
        // A will is a message that we would owe.
        if packet.will != nil, storeIsFull || memoryIsFull { return .quotaExceeded }
        guard let will = packet.will else { return nil }
        if will.retain, !limits.retainAvailable { return .retainNotSupported }  // [MQTT-3.2.2-13]
        if will.qos > terms.qosMax { return .qosNotSupported }  // [MQTT-3.2.2-12]
        let topic = bytes.extracting(will.topic)
        if !limits.allow(topic: topic) { return .topicNameInvalid }
        if SysTopics.isReserved(topic) { return .notAuthorized }
        return will.payload.count > limits.payloadBytesMax ?? .max ? .packetTooLarge : nil
    }

    private func mayBeEmpty(_ packet: ConnectPacket, _ terms: Terms) -> Bool {
        let mustKeep = packet.version == .v311 && !packet.cleanStart  // [MQTT-3.1.3-8]
        return terms.allowsEmptyClientID && !mustKeep
    }

    /// MQTT 3.1.1 cannot be told of another Keep Alive. The code is mosquitto's.
    private func keepsTooLong(_ packet: ConnectPacket) -> Bool {
        guard limits.keepAliveMax > 0, packet.version == .v311 else { return false }
        return packet.keepAlive == 0 || packet.keepAlive > limits.keepAliveMax
    }

    /// CONNACK with a failure, then close. [MQTT-3.2.2-7]
    private mutating func refuse(
        _ id: ConnectionID, _ client: ClientID?, _ reason: ReasonCode, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        count { $0.refusedConnections[reason] += 1 }
        effects.tell(.refused(client, peer: peer(of: id), reason, detail: reason.name))
        effects.answer(
            .connack(Answer.Connack(reason: reason, explanation: reason.name)), to: id, from: &self)
        leave(id, at: now, into: &effects)
    }

    /// MQTT 3.1.1 knows no expiry: what is to be kept is kept as long as the operator allows.
    private func expiry(of packet: ConnectPacket) -> SessionExpiry {
        let wanted: UInt32 =
            switch packet.version {
            case .v311: packet.cleanStart ? 0 : .max
            case .v5: packet.sessionExpiry ?? 0
            }
        return SessionExpiry(seconds: min(wanted, limits.sessionExpiryMax.seconds))
    }

    /// The session of this client: the old one resumed, or a new one. [MQTT-3.1.4-4]
    private mutating func enter(
        _ opening: Details.Opening, _ packet: ConnectPacket, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) -> (SessionID, isPresent: Bool) {
        if let old = state.session(of: opening.client) {
            takeOver(old, byCleanStart: packet.cleanStart, at: now, into: &effects)
        }
        let detail = details.add(opening)
        if let old = state.session(of: opening.client) {
            if !packet.cleanStart {  // [MQTT-3.1.2-5]
                record(.resumed(old, detail: detail), into: &effects)
                return (old, true)
            }
            endSession(old, expired: false, at: now, into: &effects)  // [MQTT-3.1.2-4]
        }
        let id = SessionID(place: UInt32(state.sessions.nextPlace))
        record(.opened(id, detail: detail), into: &effects)
        return (id, false)
    }

    private mutating func join(
        _ id: ConnectionID, _ session: SessionID, _ packet: ConnectPacket
    ) {
        connections[id.index].open(for: session, aliasesAllowed: packet.topicAliasMaximum)
        connections[id.index].sendLimit = min(packet.receiveMaximum, limits.inFlightMax)
        connections[id.index].keepAlive = KeepAlive(seconds: keepAlive(of: packet))
        connections[id.index].inherited = Set(state[session].inbound.ids)
        state[session].connection = id
        count {
            $0.connectionsOpen += 1
            $0.connectionsMaximum = max($0.connectionsMaximum, $0.connectionsOpen)
        }
    }

    private func keepAlive(of packet: ConnectPacket) -> UInt16 {
        guard limits.keepAliveMax > 0, packet.version == .v5 else { return packet.keepAlive }
        return packet.keepAlive == 0
            ? limits.keepAliveMax : min(packet.keepAlive, limits.keepAliveMax)
    }

    /// Tells the client where we differ from what it asked for.
    private func adjust(
        _ connack: inout Answer.Connack, _ packet: ConnectPacket, _ expiry: SessionExpiry,
        on id: ConnectionID
    ) {
        if packet.version == .v5, expiry.seconds != packet.sessionExpiry ?? 0 {
            connack.sessionExpiry = expiry
        }
        let keepAlive = connections[id.index].keepAlive.seconds
        if keepAlive != packet.keepAlive { connack.serverKeepAlive = keepAlive }
    }

    private mutating func tellConnected(
        _ id: ConnectionID, _ session: SessionID, _ isPresent: Bool,
        into effects: inout some Effects & ~Copyable
    ) {
        effects.tell(
            .connected(
                state[session].client, peer: peer(of: id),
                connections[id.index].version, resumed: isPresent,
                inFlight: state[session].outbound.count, waiting: state[session].waiting.count))
    }

    /// Resends what is open, in order, then goes on with what waits. [MQTT-4.4.0-1]
    private mutating func resume(
        _ session: SessionID, on id: ConnectionID, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        guard state[session].outbound.count > 0 || !state[session].waiting.isEmpty else { return }
        state[session].outbound.connectionChanged()
        for (packet, flight) in state[session].outbound.inOrder where flight.flow == .released {
            effects.acknowledge(.pubrel, packet, .success, to: id, from: &self)
        }
        fillWindow(session, on: id, at: now, into: &effects)
    }

    /// [MQTT-3.1.3-6]
    private mutating func assignClientID(_ terms: Terms) -> ClientID {
        while true {
            let client = ClientID(
                terms.assignedClientIDPrefix + String(nextRandom(), radix: 16))
            if state.session(of: client) == nil { return client }
        }
    }

    /// SplitMix64: unique and hard to guess is all that is asked of it.
    private mutating func nextRandom() -> UInt64 {
        randomState &+= 0x9e37_79b9_7f4a_7c15
        var mixed = randomState
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
