// SPDX-License-Identifier: Apache-2.0
// One message on its way to one session.
import MQTT

/// What a PUBLISH to one receiver is made of, besides the message itself.
package struct Delivery: Equatable, Sendable {
    // The smallest last: the state of its flow lies behind them without a gap.

    package var message: MessageID
    /// A number of `IdentifierLists`.
    package var identifiers: UInt32
    /// The shared subscription that it was chosen from.
    package var share = ShareID.none
    /// The lower of what was published and what was granted. [MQTT-3.8.4-8]
    package var qos: QoS
    package var retain: Bool
}

/// A delivery as a fact chose it: to whom, and under which identifier if its window was open.
package struct Receiver: Equatable, Sendable {
    package var session: SessionID
    package var delivery: Delivery
    /// Nil for a delivery that waits for its window.
    package var id: PacketID?
    /// Whether the session was durable when it was chosen.
    package var isDurable: Bool
}
