// SPDX-License-Identifier: Apache-2.0
// Every bound that the broker keeps, in one place. Names and defaults follow mosquitto's where it
// has the same bound.
import MQTT

package struct Limits: Equatable, Sendable {
    /// From accept to CONNECT.
    package var connectTime = Duration.seconds(30)
    /// The largest packet taken, and announced to MQTT 5.0 clients; nil for the protocol's limit.
    package var packetSizeMax: UInt32?
    /// Unfinished QoS 1 and 2 messages a connection may have in each direction.
    package var inFlightMax: UInt16 = 64
    /// Deliveries that may wait for one session.
    package var waitingMax = 100_000
    /// Bytes of one connection's output before its receiver counts as too slow.
    package var outputBytesMax = 4 << 20
    /// Topic aliases that a publisher may use; 0 for none.
    package var topicAliasMax: UInt16 = 10
    /// The upper bound of a session's expiry.
    package var sessionExpiryMax = SessionExpiry(seconds: 7 * 86_400)
    /// The upper bound of Keep Alive in seconds; 0 for none.
    package var keepAliveMax: UInt16 = 0
    package var allowsAnonymous = true
    package var allowsEmptyClientID = true
    package var assignedClientIDPrefix = "auto-"
    package var retainAvailable = true
    package var overflow = Overflow.refuse

    /// What happens to a message for a session whose queue is full.
    package enum Overflow: String, Sendable {
        /// The publisher is told (MQTT 5.0) or waits (MQTT 3.1.1); nothing is lost.
        case refuse
        case dropOldest = "drop-oldest"
        case dropNewest = "drop-newest"
    }

    package init() {}
}
