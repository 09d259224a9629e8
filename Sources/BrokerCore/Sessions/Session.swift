// SPDX-License-Identifier: Apache-2.0
// A client's durable life: what it has subscribed to and everything that is open between it and
// the broker. Sockets come and go; what belongs to one of them alone is in Connection.
import MQTT

/// How long a session outlives its connection.
package struct SessionExpiry: Equatable, Sendable {
    /// 0 ends with the connection, 0xFFFFFFFF never. [MQTT-3.1.2-23]
    package let seconds: UInt32

    package init(seconds: UInt32) {
        self.seconds = seconds
    }

    package static let never = SessionExpiry(seconds: .max)

    package var outlivesConnection: Bool { seconds > 0 }

    func end(after closed: Instant) -> Instant? {
        self == .never ? nil : closed + .seconds(Int64(seconds))
    }
}

/// The will of the connected client, to be published when the connection ends without DISCONNECT.
struct PendingWill {
    /// What is to be published, without its expiry.
    var message: MessageID
    var delay: UInt32
    /// Seconds that the message lives once it is published.
    var expiry: UInt32?
}

/// State changes only by `State.apply`; `connection` alone is the present's business.
struct Session: ~Copyable {
    let client: ClientID
    var subscriptions = SessionSubscriptions()
    /// Deliveries without an identifier yet, oldest first.
    var waiting = ChunkedQueue<Delivery>()
    var outbound = OutboundWindow<Delivery>()
    /// Unreleased messages by identifier.
    var inbound = InboundQoS2<MessageID>()
    /// How often it was opened or resumed: tells two connections of one session apart.
    var connections: UInt32 = 1
    /// Bytes of the messages in `inbound`, in `waiting` and in `outbound`.
    var unreleasedBytes = 0
    var waitingBytes = 0
    var inFlightBytes = 0
    /// Nil while connected.
    var closedAt: Instant?
    var expiry: SessionExpiry
    var will: PendingWill?
    /// True once the journal knows of it: all its facts go there too.
    var isJournalled: Bool

    /// The socket that speaks for it now. Not durable.
    var connection: ConnectionID?

    /// Something waits for its window, or has to be sent again.
    var isBehind: Bool { !waiting.isEmpty || outbound.owesResends }

    init(client: ClientID, expiry: SessionExpiry, isJournalled: Bool) {
        self.client = client
        self.expiry = expiry
        self.isJournalled = isJournalled
    }
}

extension Session {
    /// A delivery whose message has `size` bytes takes its identifier.
    @inline(__always)
    mutating func send(_ delivery: Delivery, _ packet: PacketID, _ size: Int) {
        inFlightBytes += size
        outbound.open(packet, delivery, .opening(delivery.qos))
    }

    @inline(__always)
    mutating func wait(_ delivery: Delivery, _ size: Int) {
        waitingBytes += size
        waiting.append(delivery)
    }
}
