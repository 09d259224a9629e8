// SPDX-License-Identifier: Apache-2.0
//
// What a client is told once: who it is, how it speaks, what it wants, and how patient it is. The
// programs make it from their configuration.
import MQTT

/// What happens to a message for a full outbox.
package enum OutboxOverflow: Equatable, Sendable {
    /// It is not taken: whoever makes messages has to wait.
    case refuse
    /// The oldest that is not on its way makes room for it.
    case dropOldest
}

package struct ClientOptions: Sendable {
    package var clientID: ClientID
    /// For log lines only; whoever dials knows the way.
    package var server: String
    package var version = ProtocolVersion.v5
    package var keepAlive = KeepAlive(seconds: 30)
    /// In seconds; the greatest means never.
    package var sessionExpiry: UInt32 = .max
    package var subscriptions: [SubscribeEncoder.Request] = []
    /// A server that cannot carry this QoS is left: a lower one would break the promise silently.
    package var requiredQoS = QoS.exactlyOnce

    /// What we take at one time without an answer: all that identifiers allow, if we do not say
    /// otherwise. Nothing is held here for a message that its application writes down at once, and
    /// servers are about that cross a smaller limit. [MQTT-3.3.4-9]
    package var receiveMaximum = UInt16.max
    /// The largest packet that we take.
    package var packetSizeMax: UInt32 = 16 << 20
    /// What we send at one time without an answer, if the server does not want less.
    package var inFlightMax = 64

    /// How many messages the outbox holds, and what becomes of one more.
    package var outboxMax = 100_000
    package var outboxOverflow = OutboxOverflow.refuse

    /// How long CONNACK, PINGRESP and SUBACK may take.
    package var answerTime = Duration.seconds(10)
    /// The pause after a refused PUBLISH or SUBSCRIBE that may succeed later.
    package var refusalPause = Duration.seconds(5)

    package init(clientID: ClientID, server: String) {
        self.clientID = clientID
        self.server = server
    }
}
