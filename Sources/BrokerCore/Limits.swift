// SPDX-License-Identifier: Apache-2.0
// Every bound that the broker keeps, in one place. Names and defaults follow mosquitto's where it
// has the same bound.
import MQTT

package struct Limits: Equatable, Sendable {
    // What is asked at each message lies together in front.

    /// The largest packet taken, and announced to MQTT 5.0 clients; nil for the protocol's limit.
    package var packetSizeMax: UInt32?
    /// Unfinished QoS 1 and 2 messages a connection may have in each direction.
    package var inFlightMax: UInt16 = 64
    package var overflow = Overflow.refuse
    package var retainAvailable = true
    /// Deliveries have the QoS that was granted, also where less was published.
    package var upgradesOutgoingQoS = false
    /// QoS 0 messages wait for durable sessions that are away.
    package var queuesQoS0 = false
    /// The largest CONNECT taken: until it is whole, nobody knows whose memory it takes.
    package var connectBytesMax = 512 << 10
    /// Bytes of the largest payload taken; nil for as much as fits into a packet.
    package var payloadBytesMax: Int?
    /// Bytes of a topic name or filter.
    package var topicBytesMax = 65_535
    /// Levels of a topic name or filter.
    package var topicLevelsMax = 200
    /// Bytes of deliveries that one session may have in flight, and one more delivery.
    package var inFlightBytesMax = Int.max
    /// Deliveries that may wait for one session.
    package var waitingMax = 100_000
    /// Bytes of the deliveries that may wait for one session, and of what a publisher may leave
    /// unreleased.
    package var waitingBytesMax = 256 << 20
    /// Bytes of one connection's output before its receiver counts as too slow.
    package var outputBytesMax = 4 << 20
    /// Bytes of memory of all outputs together. The less of it is left, the sooner a receiver is too slow.
    package var outputMemoryMax = 256 << 20
    /// Bytes of all messages together before more are refused; nil for no bound.
    package var messageBytesMax: Int?

    /// From accept to CONNECT.
    package var connectTime = Duration.seconds(30)
    /// Subscriptions that one session may have.
    package var subscriptionsMax = 100_000
    /// The upper bound of a session's expiry.
    package var sessionExpiryMax = SessionExpiry(seconds: 7 * 86_400)
    /// The upper bound of Keep Alive in seconds; 0 for none.
    package var keepAliveMax: UInt16 = 0
    /// For connections that come with no terms of their own.
    package var terms = Terms()
    /// What MQTT 5.0 clients that ask for Response Information get; `%c` is their identifier.
    package var responseInformation: String?
    /// Where MQTT 5.0 clients are sent when this broker stops.
    package var serverReference: String?
    /// Only clients whose identifiers begin so may connect; nil for all.
    package var clientIDPrefix: String?
    /// Sessions, of clients that are here and of such that are away.
    package var sessionsMax = Int.max
    /// PUBLISH sent to all, after which others than the publisher have their turn.
    package var sentAtOnce: UInt64 = 8192
    /// Steps that a search for retained messages goes at one time: others wait for it.
    package var searchSteps = 2048
    /// How often the values of `$SYS/broker` are renewed; zero for no such topics.
    package var sysInterval = Duration.zero

    /// What happens to a message for a session whose queue is full.
    package enum Overflow: String, Sendable {
        /// The publisher is told (MQTT 5.0) or waits (MQTT 3.1.1); nothing is lost.
        case refuse
        case dropOldest = "drop-oldest"
        case dropNewest = "drop-newest"
    }

    package init() {}

    /// Whether a topic name or filter is neither too long nor too deep.
    func allow(topic: Span<UInt8>) -> Bool {
        guard topic.count <= topicBytesMax else { return false }
        if topic.count < topicLevelsMax { return true }  // It cannot be that deep.
        var levels = 1
        for at in topic.indices where topic[at] == Topic.separator {
            levels += 1
        }
        return levels <= topicLevelsMax
    }
}

extension Limits {
    /// What the terms say, for connections that come with none.
    package var qosMax: QoS {
        get { terms.qosMax }
        set { terms.qosMax = newValue }
    }

    package var topicAliasMax: UInt16 {
        get { terms.topicAliasMax }
        set { terms.topicAliasMax = newValue }
    }

    package var outgoingTopicAliasMax: UInt16 {
        get { terms.outgoingTopicAliasMax }
        set { terms.outgoingTopicAliasMax = newValue }
    }
}
