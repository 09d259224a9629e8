// SPDX-License-Identifier: Apache-2.0
// A QoS 0 message that nobody keeps is handed on as it came. It is not stored, and nothing of it is taken
// apart and put together again: its packet goes from the input into the outputs. That is half the work,
// for the kind of message of which there are most.
import MQTT

extension Broker {
    /// False if somebody gets the message in another form, or not at once, or not at all though he is
    /// there: then it has gone to nobody, and is to be routed as a message.
    @inline(__always)
    mutating func pass(
        _ packet: PublishPacket, _ bytes: Span<UInt8>, through entry: Int, from id: ConnectionID,
        into effects: inout some Effects & ~Copyable
    ) -> Bool {
        guard let body = packet.plainBody,
            packet.payload.count < MessageStore.gatheredPayload,
            routes.entries[entry].shares.isEmpty, !limits.upgradesOutgoingQoS
        else { return false }
        let publisher = connections[id.index].session
        let version = connections[id.index].version
        let size = PlainPublish(bodyCount: body.count).packetSize
        for index in routes.entries[entry].routes.indices {
            let route = routes.entries[entry].routes[index]
            guard takesPlain(route, from: publisher, version, size) else { return false }
        }
        for index in routes.entries[entry].routes.indices {
            let route = routes.entries[entry].routes[index]
            guard route.grant(from: publisher) != nil,
                let connection = state[route.session].connection
            else { continue }
            count { $0.deliveredMessages[.atMostOnce] += 1 }
            effects.pass(packet, bytes, to: connection, from: &self)
        }
        return true
    }

    @inline(__always)
    private func takesPlain(
        _ route: Route, from publisher: SessionID, _ version: ProtocolVersion, _ size: Int
    ) -> Bool {
        guard let grant = route.grant(from: publisher) else { return true }
        if queuesQoS0(route.session) { return false }
        guard let connection = state[route.session].connection else { return true }
        return connections[connection.index].takesPlain(version, size)
            && (version == .v311 || grant.identifiers == 0)
    }
}

extension Connection {
    /// Whoever is behind, or takes aliases, gets it otherwise.
    @inline(__always)
    fileprivate func takesPlain(_ version: ProtocolVersion, _ size: Int) -> Bool {
        self.version == version && !isCongested && outgoingAliasMax == 0
            && size <= Int(packetSizeMax)
    }
}
