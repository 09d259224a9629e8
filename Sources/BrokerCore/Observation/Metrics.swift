// SPDX-License-Identifier: Apache-2.0
// Plain counters of what the broker did since it started.
import MQTT

package struct Metrics: Equatable, Sendable {
    // What each message counts lies together in front.
    package var receivedPackets = PacketCounts()
    package var sentPackets = PacketCounts()
    package var bytesReceived: UInt64 = 0
    package var bytesSent: UInt64 = 0
    /// Taken from publishers; repeats are not counted again.
    package var receivedMessages = QoSCounts()
    /// Acknowledged by their receivers, or sent where nobody acknowledges.
    package var deliveredMessages = QoSCounts()
    package var payloadBytesReceived: UInt64 = 0
    package var payloadBytesSent: UInt64 = 0

    package var connectionsOpen = 0
    /// The most that were open at the same time.
    package var connectionsMaximum = 0
    package var connectionsTotal: UInt64 = 0
    /// Connections that ended with a refusal of their CONNECT, or before one came.
    package var refusedConnections = ReasonCounts()
    /// Publishers that were answered with a failure in PUBACK or PUBREC.
    package var refusedPublishes = ReasonCounts()
    package var refusedSubscriptions = ReasonCounts()
    /// Clients that were disconnected for what they did.
    package var violations = ReasonCounts()
    package var sessionsExpired: UInt64 = 0
    package var retainedExpired: UInt64 = 0
    package var duplicatesSuppressed: UInt64 = 0
    /// By `DropReason.rawValue`.
    package var dropped = [UInt64](repeating: 0, count: DropReason.allCases.count + 1)

    package var connectionsRefused: UInt64 { refusedConnections.total }
    package var publishesRefused: UInt64 { refusedPublishes.total }
    package var packetsReceived: UInt64 { receivedPackets.total }
    package var packetsSent: UInt64 { sentPackets.total }
    package var messagesReceived: UInt64 { receivedMessages.total }
    package var messagesDelivered: UInt64 { deliveredMessages.total }
    package var messagesDropped: UInt64 { dropped.reduce(0, +) }
}
