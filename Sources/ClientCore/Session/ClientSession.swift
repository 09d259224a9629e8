// SPDX-License-Identifier: Apache-2.0
//
// The client's end of MQTT: events in, effects out. Here is its state; the events are in the files
// beside, one per subject. Sockets, dialling, bytes and the journal are ClientEngine's.
import MQTT

/// The state that outlives connections, and the connection that there is.
///
/// Whether the server still knows our session is told by Session Present, and compared with whether
/// we know it:
///
///     we know it, server does        go on: resend what is owed            [MQTT-4.4.0-1]
///     we know it, server does not    forget, as `Outbox` explains          [MQTT-3.2.2-5]
///     we do not, server does         close, for we asked for a clean start [MQTT-3.2.2-4];
///                                    MQTT 3.1.1 has none that lasts: throw it away, come again
///     neither                        begin
///
/// A sender whose memory is gone must ask for a clean start: it no longer knows which identifiers the
/// server holds open, and a message under one of those would be taken for a repeat and vanish. A
/// receiver's memory is its database, and an empty one is as good a memory as any: what the server
/// then repeats is new to it.
package struct ClientSession: ~Copyable {
    let options: ClientOptions
    package internal(set) var outbox: Outbox
    /// Received, stored, not yet released.
    var inbound = InboundQoS2<Void>()
    /// What is received and not finished, for its answer and its log lines.
    var incoming = PacketIDTable<Incoming>()
    /// When the first PUBLISH of a flight was sent by this process.
    var sentAt = PacketIDTable<Instant>()

    /// Whether we know of a session that the server may still have.
    var knowsSession: Bool
    /// The first connection of a process subscribes even in a session that goes on: the
    /// configuration may have changed since the last one.
    var hasSubscribed = false

    /// What becomes of a session that an MQTT 3.1.1 server holds and we do not know: a connection
    /// finds it, the next throws it away, a third begins.
    enum Cleansing {
        case none
        case due
        case done
    }

    var cleansing = Cleansing.none
    /// The connection ends because the next one is wanted.
    var reconnectsAtOnce = false

    /// After a refusal: nothing new is published before this.
    var publishPausedUntil: Instant?

    var connection: Connection?
    /// How many connections there were.
    var connectionCount: UInt32 = 0
    /// The connection with which the session began.
    var sessionSince: UInt32 = 0

    /// One message from its PUBLISH to its last answer.
    struct Incoming {
        enum Stage {
            /// Offered; the application has not stored it yet.
            case arrived
            /// PUBREC may be sent or is.
            case stored
            /// PUBREL is here; the application has not forgotten the identifier yet.
            case releasing
        }

        /// The PUBLISH as a log line; the later lines are made from it.
        var step: HandshakeStep
        let at: Instant
        var stage: Stage
        /// The connection to which an answer is owed.
        var connection: UInt32
    }

    /// One socket's life.
    struct Connection {
        enum Phase {
            /// CONNECT was sent.
            case connecting
            case open
            /// The last packet is on its way; nothing is taken any more.
            case leaving
        }

        let number: UInt32
        let openedAt: Instant
        var phase = Phase.connecting
        /// A handshake came to its end on it.
        var hasServed = false
        var keepAlive: KeepAlive
        var lastSent: Instant
        /// What the server owes us, and until when.
        var awaited: (kind: PacketKind, due: Instant)?
        /// How many flights the server wants at most. [MQTT-3.3.4-7]
        var inFlightMax: Int
        /// The largest packet that the server takes. [MQTT-3.2.2-15]
        var packetSizeMax: UInt32?
        /// The SUBSCRIBE under way, and when its answer must be here.
        var subscribing: (id: PacketID, places: [Int], due: Instant)?
        /// Filters that were refused, and when to ask again.
        var subscribeAgain: (places: [Int], at: Instant)?
        /// Messages that were received on this connection and not answered to the end.
        var openReceived = 0
    }

    /// `storedIdentifiers`: received, stored and not released when the last process ended.
    /// `knowsSession`: whether the outbox or the identifiers are those of an earlier session.
    package init(
        _ options: ClientOptions, outbox: consuming Outbox = Outbox(),
        storedIdentifiers: [PacketID] = [], knowsSession: Bool
    ) {
        self.options = options
        self.outbox = outbox
        self.knowsSession = knowsSession
        for id in storedIdentifiers {
            inbound.store((), under: id)
        }
    }

    package var isOpen: Bool { connection?.phase == .open }

    /// Nothing is owed in either direction.
    package var isIdle: Bool { outbox.isEmpty && incoming.isEmpty }

    /// The only way durable state changes: applied here, journalled before any later send.
    mutating func record(_ fact: OutboxFact, into effects: inout [ClientEffect]) {
        outbox.apply(fact)
        effects.append(.record(fact))
    }

    /// A packet is on its way: the server hears of us, and PINGREQ can wait.
    mutating func sent(at now: Instant) {
        connection?.lastSent = now
    }

    /// The server did what it must not. [MQTT-4.13.1-1]
    mutating func violated(
        _ reason: ReasonCode, _ what: String, into effects: inout [ClientEffect]
    ) {
        effects.append(.tell(.violated(what)))
        leave(reason, into: &effects)
    }

    /// DISCONNECT with a reason, then the end of the connection.
    mutating func leave(_ reason: ReasonCode, into effects: inout [ClientEffect]) {
        guard let phase = connection?.phase, phase != .leaving else { return }
        if phase == .open { effects.append(.disconnect(reason)) }
        connection?.phase = .leaving
        effects.append(.close(flushing: true))
    }

    func step(
        _ direction: HandshakeStep.Direction, _ kind: PacketKind, _ id: PacketID?, _ qos: QoS
    ) -> HandshakeStep {
        HandshakeStep(direction, kind, client: options.clientID, id: id, qos: qos)
    }
}
