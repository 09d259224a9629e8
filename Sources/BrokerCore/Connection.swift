// SPDX-License-Identifier: Apache-2.0
// One socket's life as the broker sees it: nothing here outlives the socket.
import DequeModule
import MQTT

struct Connection: ~Copyable {
    /// What the next packet may be.
    enum Phase {
        /// Accepted; only CONNECT may come. [MQTT-3.1.0-1]
        case awaitingConnect
        /// CONNACK was sent; `session` is the one that it speaks for.
        case open
        /// The last packet is on its way; nothing is taken any more.
        case closing
    }

    let peer: String
    let terms: Terms
    var phase = Phase.awaitingConnect
    var version = ProtocolVersion.v311
    var session = SessionID(place: 0)
    var keepAlive = KeepAlive(seconds: 0)
    /// When a packet was here last, or a good part of one.
    var lastReceived: Instant
    /// How much of the unfinished packet has counted for that.
    var partReceived = 0
    /// How much of a QoS 1 and 2 window the client grants us. [MQTT-3.3.4-9]
    var sendLimit: UInt16 = .max
    /// Unreleased messages of earlier connections that were not repeated on this one: they are not
    /// in its quota. [MQTT-4.9.0-1]
    var inherited: Set<PacketID> = []
    /// Whether reasons may be explained to the client. [MQTT-3.1.2-29]
    var wantsProblemInformation = true
    /// Aliases that the client allows for topics sent to it. [MQTT-3.1.2-26]
    var topicAliasMax: UInt16 = 0
    /// Retained messages for subscriptions of QoS 0 that its output had no room for yet.
    var welcome = Deque<Delivery>()
    /// The largest packet the client takes. [MQTT-3.1.2-24]
    var packetSizeMax = UInt32.max
    /// Its output is over the limit: no new PUBLISH until it has drained.
    var isCongested = false
    /// Its publisher has to wait for somebody's queue. It lasts until the packet is taken.
    var isPaused = false
    /// What the publisher's aliases stand for, on this connection and no other.
    var topicAliases: [UInt16: [UInt8]] = [:]
    var departure: Departure?

    init(peer: String, _ terms: Terms, at now: Instant) {
        self.peer = peer
        self.terms = terms
        lastReceived = now
    }
}
