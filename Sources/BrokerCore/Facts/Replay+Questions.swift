// SPDX-License-Identifier: Apache-2.0
// What a state would answer that recovery builds from the records so far: asked by those who judge
// whether something was promised before it was durable.
import MQTT

extension Replay {
    /// How often the client's session was opened or resumed; nil if there is none.
    package func connections(of client: ClientID) -> UInt32? {
        state.session(of: client).map { state[$0].connections }
    }

    package func isSubscribed(_ client: ClientID, to filter: [UInt8]) -> Bool {
        guard let session = state.session(of: client) else { return false }
        return state.subscriptions.subscription(of: session, to: filter.span) != nil
    }

    /// The payload of what was received from the client under this identifier and not released.
    package func inbound(_ packet: PacketID, from client: ClientID) -> [UInt8]? {
        guard let session = state.session(of: client),
            let message = state[session].inbound.held(for: packet)
        else { return nil }
        return payload(of: message)
    }

    /// What is on its way to the client under this identifier.
    package func outbound(
        _ packet: PacketID, to client: ClientID
    ) -> (flow: OutboundFlow, payload: [UInt8])? {
        guard let session = state.session(of: client),
            let flight = state[session].outbound[packet]
        else { return nil }
        return (flight.flow, payload(of: flight.held.message))
    }

    /// The payload of the topic's retained message.
    package func retained(on topic: String) -> [UInt8]? {
        state.retained.message(of: Array(topic.utf8).span).map { payload(of: $0) }
    }

    private func payload(of message: MessageID) -> [UInt8] {
        let bytes = state.messages[message].payload
        return bytes.indices.map { bytes[$0] }
    }

    /// Everything durable as text that depends on nothing but its content.
    package func durableDescription() -> String { state.durableDescription() }
}

extension Broker {
    /// The same of the living state: recovery must bring back the same text.
    package borrowing func durableDescription() -> String { state.durableDescription() }
}
