// SPDX-License-Identifier: Apache-2.0
// One socket's life as the broker sees it: nothing here outlives the socket. There may be very many
// that only wait, so what a connection needs for its beginning alone is let go of at CONNECT.
import MQTT

/// What a connection came with; CONNECT is judged by it.
final class Arrival: Sendable {
    let peer: String
    let terms: Terms

    init(peer: String, _ terms: Terms) {
        self.peer = peer
        self.terms = terms
    }
}

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

    /// Nil once a CONNECT was taken.
    private(set) var arrival: Arrival?
    /// When a packet was here last, or a good part of one.
    var lastReceived: Instant
    /// Unreleased messages of earlier connections that were not repeated on this one: they are not
    /// in its quota. [MQTT-4.9.0-1]
    var inherited: Set<PacketID> = []
    /// What the publisher's aliases stand for, on this connection and no other.
    var topicAliases: [UInt16: [UInt8]] = [:]
    /// Retained messages that it is still to get.
    var welcome: Welcome?
    var session = SessionID(place: 0)
    /// The largest packet the client takes. [MQTT-3.1.2-24]
    var packetSizeMax = UInt32.max
    /// How much of the unfinished packet has counted as a sign of life.
    var partReceived: UInt32 = 0
    var keepAlive = KeepAlive(seconds: 0)
    /// How much of a QoS 1 and 2 window the client grants us. [MQTT-3.3.4-9]
    var sendLimit: UInt16 = .max
    /// Aliases that the client may give to topics. [MQTT-3.2.2-17]
    let topicAliasMax: UInt16
    /// Aliases that are given to topics sent to it: as many as it allows and its listener has.
    /// [MQTT-3.1.2-26]
    private(set) var outgoingAliasMax: UInt16 = 0
    /// The highest QoS at which it may publish, and that its subscriptions are granted.
    let qosMax: QoS
    var phase = Phase.awaitingConnect
    var version = ProtocolVersion.v311
    /// Whether reasons may be explained to the client. [MQTT-3.1.2-29]
    var wantsProblemInformation = true
    /// Its output is over the limit: no new PUBLISH until it has drained.
    var isCongested = false
    /// Its publisher has to wait for somebody's queue. It lasts until the packet is taken.
    var isPaused = false

    init(peer: String, _ terms: Terms, at now: Instant) {
        arrival = Arrival(peer: peer, terms)
        topicAliasMax = terms.topicAliasMax
        qosMax = terms.qosMax
        lastReceived = now
    }

    /// A packet has come whole.
    @inline(__always)
    mutating func heard(at now: Instant) {
        lastReceived = now
        partReceived = 0
    }

    /// CONNECT was taken. What it came with has served.
    mutating func open(for session: SessionID, aliasesAllowed: UInt16) {
        phase = .open
        self.session = session
        outgoingAliasMax = min(aliasesAllowed, arrival?.terms.outgoingTopicAliasMax ?? 0)
        arrival = nil
    }
}
