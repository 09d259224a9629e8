// SPDX-License-Identifier: Apache-2.0
// What holds for the clients of one listener, from their CONNECT to the end of the connection. Other
// bounds are the broker's, in Limits.
import MQTT

package struct Terms: Equatable, Sendable {
    package var versions: Set<ProtocolVersion> = [.v311, .v5]
    package var allowsAnonymous = true
    package var allowsEmptyClientID = true
    package var assignedClientIDPrefix = "auto-"
    /// The highest QoS at which clients may publish, and that subscriptions are granted.
    package var qosMax = QoS.exactlyOnce
    /// Topic aliases that a publisher may use; 0 for none.
    package var topicAliasMax: UInt16 = 10
    /// Topic aliases that are given to a receiver that allows them; 0 for none.
    package var outgoingTopicAliasMax: UInt16 = 10

    package init() {}
}
