// SPDX-License-Identifier: Apache-2.0
// The broker's decisions: an event comes in, effects go out, and every change of durable state is
// a fact. Time and random numbers are arguments; sockets, disk and clock are somebody else's.
// The events are in Handlers/, one file per kind.
import MQTT

@safe
package struct Broker: ~Copyable {
    var connections = Slab<Connection>()
    /// The disk has no room for more messages: publishes are refused until it has.
    package internal(set) var storeIsFull = false
    /// All messages together take as much as they may.
    package var memoryIsFull: Bool { state.messages.bytes >= limits.messageBytesMax ?? .max }
    /// A publisher heard of that, or waits.
    var waitsForMemory = false
    var state: State
    /// What the facts of this event refer to.
    var details = Details()
    var routes: Routes
    package var limits: Limits
    package private(set) var metrics = Metrics()
    var sys = SysTopics()
    /// When retained messages are looked at for the next time.
    var retainedDeadline: Instant?
    /// Publishers that wait for somebody's queue to drain.
    var paused: [ConnectionID] = []
    /// Connections with a search for retained messages, in their turn.
    var welcoming = ChunkedQueue<ConnectionID>()
    /// Of all tables with keys that strangers choose.
    let seed: UInt64
    /// Where assigned client identifiers come from.
    var randomState: UInt64

    /// `seed` is drawn at start: it keeps strangers from choosing colliding topics.
    package init(limits: Limits, seed: UInt64) {
        state = State(seed: seed)
        routes = Routes(seed: seed)
        self.limits = limits
        self.seed = seed
        randomState = seed
    }

    /// The only way durable state changes: applied here, journalled before any later send. Inlined
    /// with all that it asks, so that where a fact is made only its own case is left.
    /// `released` is the message of a fact of that name, which does not carry it.
    @_transparent
    mutating func record(
        _ fact: Fact, releasing released: MessageID? = nil,
        into effects: inout some Effects & ~Copyable
    ) {
        let message = message(of: fact) ?? released
        let isDurable = isDurable(fact, message)
        if isDurable, let message { journal(message, into: &effects) }
        let recorded = isDurable ? journalForm(of: fact, message) : fact
        state.apply(fact, details)
        effects.record(recorded, isDurable: isDurable, of: self)
    }

    /// Replay knows nothing of sessions that are not durable. What such a publisher releases is for
    /// the journal a message that was handed on.
    @inline(__always)
    private func journalForm(of fact: Fact, _ message: MessageID?) -> Fact {
        guard case .released(let id, _, let receivers) = fact, let message,
            !state[id].isJournalled
        else { return fact }
        return .routed(message, retains: state.messages[message].retain, receivers: receivers)
    }

    /// A fact is durable when a session that outlives its connection, or a retained message, is
    /// touched by it. All other facts are gone with the process, as their sessions are.
    @inline(__always)
    private func isDurable(_ fact: Fact, _ message: MessageID?) -> Bool {
        switch fact {
        case .opened(_, let detail):
            details.openings[Int(detail)].expiry.outlivesConnection
        case .resumed(let id, _), .closed(let id, _), .expiryChanged(let id, _), .ended(let id),
            .subscribed(let id, _), .unsubscribed(let id, _), .accepted(_, let id, _),
            .sent(let id, _), .acknowledged(let id, _), .completed(let id, _),
            .dropped(let id, _), .sentOnce(let id), .willForgotten(let id):
            state[id].isJournalled
        case .stored:
            true
        case .retainedExpired(let message):
            state.messages[message].isJournalled
        case .released(let id, _, let receivers):
            state[id].isJournalled || receivers.hasDurable
                || message.map { state.messages[$0].retain } == true
        case .routed(_, let retains, let receivers):
            retains || receivers.hasDurable
        }
    }

    /// The message that must be in the journal before the fact is.
    @inline(__always)
    private func message(of fact: Fact) -> MessageID? {
        switch fact {
        case .accepted(let message, _, _), .routed(let message, _, _): message
        case .opened(_, let detail), .resumed(_, let detail): details.openings[Int(detail)].will
        default: nil
        }
    }

    /// The body goes to the journal once, in front of the first durable fact that needs it.
    private mutating func journal(
        _ message: MessageID, into effects: inout some Effects & ~Copyable
    ) {
        guard !state.messages[message].isJournalled else { return }
        let stored = Fact.stored(message)
        state.apply(stored, details)
        effects.record(stored, isDurable: true, of: self)
    }

    /// One change of the counters.
    @inline(__always)
    mutating func count(_ change: (inout Metrics) -> Void) {
        change(&metrics)
    }
}

extension Broker {
    /// What the status line tells.
    package var status: Status {
        Status(
            connections: metrics.connectionsOpen, sessions: state.sessions.count,
            queued: state.waitingCount, inFlight: state.inFlightCount,
            subscriptions: state.subscriptions.count,
            retained: state.retained.count, messages: state.messages.count)
    }

    package struct Status: Equatable, Sendable {
        package var connections: Int
        package var sessions: Int
        package var queued: Int
        package var inFlight: Int
        package var subscriptions: Int
        package var retained: Int
        package var messages: Int
    }
}
