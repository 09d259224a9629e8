// SPDX-License-Identifier: Apache-2.0
// Everything else that a client is told: acknowledgements, CONNACK and its like, DISCONNECT.
import Journal
import MQTT

extension Performer {
    @inline(__always)
    mutating func acknowledge(
        _ kind: PacketKind, _ packet: PacketID, _ reason: ReasonCode, to id: ConnectionID,
        from broker: inout Broker
    ) {
        traceStep(.sent, kind, packet, reason, id, broker)
        guard reason == .success else {
            refuse(kind, packet, reason, to: id, from: &broker)
            return
        }
        list(id)
        broker.count { $0.sentPackets[kind] += 1 }
        outlets[id.index].acknowledge(kind, packet, standing)
    }

    /// Whoever loses a message hears why in words too, if he wants them and they fit.
    /// [MQTT-3.4.2-2], [MQTT-3.5.2-2], [MQTT-3.1.2-29]
    @inline(never)
    private mutating func refuse(
        _ kind: PacketKind, _ packet: PacketID, _ reason: ReasonCode, to id: ConnectionID,
        from broker: inout Broker
    ) {
        let version = broker.connections[id.index].version
        var encoder = AcknowledgementEncoder(version, kind, packet, reason)
        let losesMessage = kind == .puback || kind == .pubrec
        if losesMessage, broker.connections[id.index].wantsProblemInformation {
            encoder.reasonString = reason.name
            encoder.fit(broker.connections[id.index].packetSizeMax)
        }
        send(encoder, to: id, from: &broker)
    }

    mutating func answer(_ answer: Answer, to id: ConnectionID, from broker: inout Broker) {
        let version = broker.connections[id.index].version
        switch answer {
        case .suback(let packet, let reasons):
            send(SubackEncoder(version, packet, reasons), to: id, from: &broker)
        case .unsuback(let packet, let reasons):
            send(UnsubackEncoder(version, packet, reasons), to: id, from: &broker)
        case .connack(let connack):
            guard let encoder = encoder(of: connack, version, to: id, broker) else { return }
            if broker.isDurable(id) { bindOutlet(id) }
            // Nothing may come before it, and resends stand behind it. [MQTT-3.2.0-1]
            outlets[id.index].isVoid = !send(encoder, to: id, from: &broker)
        }
    }

    /// Nil where MQTT 3.1.1 has no code for the reason. [MQTT-3.2.2-6]
    private func encoder(
        of connack: Answer.Connack, _ version: ProtocolVersion, to id: ConnectionID,
        _ broker: borrowing Broker
    ) -> ConnackEncoder? {
        guard connack.reason == .success else {
            var encoder = ConnackEncoder(refusing: version, connack.reason)
            encoder?.reasonString = connack.explanation
            encoder?.fit(broker.connections[id.index].packetSizeMax)
            return encoder
        }
        var encoder = ConnackEncoder(accepting: version, sessionPresent: connack.sessionPresent)
        encoder.assignedClientID = connack.assignedClient
        encoder.sessionExpiry = connack.sessionExpiry?.seconds
        encoder.serverKeepAlive = connack.serverKeepAlive
        encoder.receiveMaximum = connack.receiveMaximum == .max ? nil : connack.receiveMaximum
        encoder.maximumPacketSize = connack.maximumPacketSize
        let aliasMax = broker.connections[id.index].topicAliasMax
        encoder.topicAliasMaximum = aliasMax == 0 ? nil : aliasMax
        encoder.retainAvailable = broker.limits.retainAvailable ? nil : false
        encoder.maximumQoS = broker.connections[id.index].qosMax
        encoder.responseInformation = connack.responseInformation
        return encoder
    }

    /// False if the client does not take it: without it, it would wait for ever, so that its connection
    /// ends when the event is through. [MQTT-3.1.2-24]
    @discardableResult
    private mutating func send(
        _ encoder: some PacketEncoder, to id: ConnectionID, from broker: inout Broker
    ) -> Bool {
        let isSaid = append(encoder, to: id, from: &broker)
        if !isSaid { unsaid.append((encoder.kind, id)) }
        return isSaid
    }

    /// False if the client does not take a packet of that size.
    private mutating func append(
        _ encoder: some PacketEncoder, to id: ConnectionID, from broker: inout Broker
    ) -> Bool {
        let size = encoder.encodedSize
        guard size <= Int(broker.connections[id.index].packetSizeMax) else { return false }
        broker.count { $0.sentPackets[encoder.kind] += 1 }
        list(id)
        outlets[id.index].output.append(
            atMost: size, behind: journal.tail, durable: journal.durable
        ) { encoder.encode(into: &$0) }
        return true
    }

    mutating func pong(to id: ConnectionID, from broker: inout Broker) {
        broker.count { $0.sentPackets[.pingresp] += 1 }
        list(id)
        outlets[id.index].output.append(
            atMost: 2, behind: .none, durable: journal.durable
        ) { $0.append(word: PingPacket.shortForm(.pingresp)) }
    }

    mutating func disconnect(
        _ reason: ReasonCode, _ id: ConnectionID, from broker: inout Broker
    ) {
        guard broker.connections[id.index].version == .v5 else { return }
        var encoder = DisconnectEncoder(.v5, reason)
        // Some clients show the reason's text and not its code.
        encoder.reasonString = reason.name
        if reason == .useAnotherServer { encoder.serverReference = broker.limits.serverReference }
        encoder.fit(broker.connections[id.index].packetSizeMax)  // [MQTT-3.14.2-3]
        // The end of the connection says it where this does not fit.
        _ = append(encoder, to: id, from: &broker)
    }
}

extension Broker {
    fileprivate func isDurable(_ id: ConnectionID) -> Bool {
        guard connections[id.index].phase == .open else { return false }
        return state[connections[id.index].session].isJournalled
    }
}
