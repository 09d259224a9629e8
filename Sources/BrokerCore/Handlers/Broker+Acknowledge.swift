// SPDX-License-Identifier: Apache-2.0
// The acknowledgements: PUBREL from a publisher, which releases its message to all receivers, and
// PUBACK, PUBREC and PUBCOMP from receivers.
import MQTT

extension Broker {
    /// PUBREL: the message is handed on, all or nothing. [MQTT-4.3.3-11]
    @inline(__always)
    package mutating func release(
        _ packetID: PacketID, on id: ConnectionID, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        let session = connections[id.index].session
        guard let message = state[session].inbound.held(for: packetID) else {
            let reason: ReasonCode =
                connections[id.index].version == .v5 ? .packetIdentifierNotFound : .success
            effects.acknowledge(.pubcomp, packetID, reason, to: id, from: &self)
            return
        }
        if !connections[id.index].inherited.isEmpty {
            connections[id.index].inherited.remove(packetID)
        }
        let retains = state.messages[message].retain
        let receivers = chooseReceivers(
            of: message, through: entry(of: message), from: session, at: now,
            into: &effects)
        record(
            .released(session, packetID, receivers: receivers), releasing: message,
            into: &effects)
        // From here on its receivers alone hold the message.
        if retains { armRetained(into: &effects) }
        effects.acknowledge(.pubcomp, packetID, .success, to: id, from: &self)
        deliver(receivers, into: &effects)
    }

    /// PUBACK, PUBREC or PUBCOMP from a receiver.
    @inline(__always)
    package mutating func acknowledged(
        _ acknowledgement: OutboundFlow.Acknowledgement, _ packetID: PacketID,
        _ reason: ReasonCode, on id: ConnectionID, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        let session = connections[id.index].session
        guard let flight = state[session].outbound[packetID] else {
            if acknowledgement == .pubrec {
                let reason: ReasonCode =
                    connections[id.index].version == .v5 ? .packetIdentifierNotFound : .success
                effects.acknowledge(.pubrel, packetID, reason, to: id, from: &self)
            }
            return
        }
        let step = flight.flow.step(on: acknowledgement, reason)
        switch step {
        case .release:
            hasArrived(packetID, session, on: id, into: &effects)
        case .repeatRelease:
            effects.acknowledge(.pubrel, packetID, .success, to: id, from: &self)
        case .complete, .refuse:
            if step == .refuse {  // [MQTT-4.4.0-2]
                drop(flight.held.message, .refused, of: session, into: &effects)
            } else {
                count { $0.deliveredMessages[flight.held.qos] += 1 }
            }
            complete(packetID, session, on: id, at: now, into: &effects)
        case .violation:
            violated(
                id, .protocolError, "acknowledgement does not fit the PUBLISH", at: now,
                into: &effects)
        }
    }

    /// From here on it owes a PUBREL, and no PUBLISH. [MQTT-4.3.3-4]
    @inline(__always)
    private mutating func hasArrived(
        _ packetID: PacketID, _ session: SessionID, on id: ConnectionID,
        into effects: inout some Effects & ~Copyable
    ) {
        record(.acknowledged(session, packetID), into: &effects)
        effects.acknowledge(.pubrel, packetID, .success, to: id, from: &self)
    }

    @inline(__always)
    private mutating func complete(
        _ packetID: PacketID, _ session: SessionID, on id: ConnectionID, at now: Instant,
        into effects: inout some Effects & ~Copyable
    ) {
        record(.completed(session, packetID), into: &effects)
        fillWindow(session, on: id, at: now, into: &effects)
    }

    /// The connection's output has drained after it was over its limit, or has room for more of
    /// its welcome.
    package mutating func drained(
        _ id: ConnectionID, at now: Instant, into effects: inout some Effects & ~Copyable
    ) {
        guard connections.contains(id.index) else { return }
        connections[id.index].isCongested = false
        guard connections[id.index].phase == .open else { return }
        sendWelcome(on: id, at: now, into: &effects)
        fillWindow(connections[id.index].session, on: id, at: now, into: &effects)
    }

    /// More waits in the connection's output than a receiver of sound speed leaves there.
    package mutating func congested(_ id: ConnectionID) {
        guard connections.contains(id.index) else { return }
        connections[id.index].isCongested = true
    }
}
