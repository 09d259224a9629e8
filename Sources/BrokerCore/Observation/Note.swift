// SPDX-License-Identifier: Apache-2.0
// What a person wants to know of the broker's life besides the handshakes: connections, sessions,
// subscriptions, drops, refusals. Values, no text: the program words them.
import MQTT

/// One event worth a line.
package enum Note: Equatable {
    case connected(
        ClientID, peer: String, ProtocolVersion, resumed: Bool, inFlight: Int, waiting: Int)
    case refused(ClientID?, peer: String, ReasonCode, detail: String)
    case disconnected(ClientID, Departure, willPublished: Bool)
    case sessionEnded(ClientID, expired: Bool)
    case subscribed(ClientID, filter: String, QoS)
    case unsubscribed(ClientID, filter: String)
    case subscriptionRefused(ClientID, filter: String, ReasonCode)
    case dropped(DropReason, client: ClientID, message: MessageLabel?, count: Int)
    case congested(ClientID, by: ClientID)
}

/// Why a connection ended.
package enum Departure: Equatable, Sendable {
    case disconnected
    case connectionLost(String)
    case keepAlive(seconds: UInt16)
    case takenOver
    case violated(String)
    case shutDown
}

/// The name that a publisher gave a message: `stream/seq`, from its user properties.
package struct MessageLabel: Equatable, Sendable {
    package let text: String
}
