// SPDX-License-Identifier: Apache-2.0
//
// Joins session, journal and gated output, and keeps the connection up: dialling, waiting, trying
// again, stopping. All that is left to a program is to move bytes and to do the actions.
import Journal
import MQTT

/// A client, whole but for its socket.
///
///     resting ──start──► dialling ──opened──► connected ──closed──► waiting ──deadline──► dialling
///                            └──notReached──────────────────────────►┘
///     stop: delivers what is open if it can, then DISCONNECT ──► stopped
@safe
package struct ClientEngine: ~Copyable {
    enum Reach: Equatable {
        case resting
        case waiting(until: Instant)
        case dialling
        case connected
        case stopped
    }

    package internal(set) var session: ClientSession
    var journal: Journal
    var output = GatedOutput()
    var reach = Reach.resting
    var stopDue: Instant?

    private var backoff = Backoff()
    private var random: SeededGenerator
    var effects: [ClientEffect] = []
    /// What the program has to do at once.
    var urgent: [ClientAction] = []
    /// What waits for its gate as bytes do. A line about a packet must not be seen before the
    /// packet may leave.
    var gated: [(gate: Gate, action: ClientAction)] = []
    /// How many of them were given out.
    var gatedDone = 0

    package init(_ session: consuming ClientSession, home: any Journal.Home, seed: UInt64) {
        self.session = session
        journal = Journal(home: home)
        random = SeededGenerator(seed: seed)
    }

    package var isConnected: Bool { session.isOpen }

    package mutating func start() {
        precondition(reach == .resting, "a client is started once")
        dial()
    }

    package mutating func opened(at now: Instant) {
        guard reach == .dialling else { return }
        reach = .connected
        session.opened(at: now, into: &effects)
        perform()
    }

    package mutating func notReached(_ why: String, at now: Instant) {
        guard reach == .dialling else { return }
        wait(at: now) { .unreachable(why, retryIn: $0) }
    }

    /// The connection is gone. `why` is nil if it ended because we closed it.
    package mutating func closed(_ why: String?, at now: Instant) {
        guard reach == .connected else { return }
        let hasServed = session.connection?.hasServed ?? false
        let isWanted = session.reconnectsAtOnce
        if let age = session.closed(at: now) {
            backoff.connectionEnded(after: age, hasServed: hasServed)
        }
        dropOutput()
        if let stopDue, stopDue <= now || session.outbox.isEmpty { return end() }
        if isWanted { return dial() }
        wait(at: now) { .lost(why ?? "closed", retryIn: $0) }
    }

    /// Delivers what is open, for at most so long, and ends.
    package mutating func stop(within patience: Duration, at now: Instant) {
        guard stopDue == nil else { return }
        stopDue = now + patience
        if case .waiting = reach { dial() }
        stopIfDone(at: now)
    }

    package mutating func deadlineReached(at now: Instant) {
        if case .waiting(let until) = reach, until <= now { dial() }
        session.deadlineReached(at: now, into: &effects)
        perform()
        stopIfDone(at: now)
    }

    /// When `deadlineReached` must be called; nil for never.
    package var deadline: Instant? {
        var due = session.deadline
        if case .waiting(let until) = reach { due = until }
        guard reach != .stopped, let stopDue else { return due }
        return min(due ?? stopDue, stopDue)
    }

    package var isStopping: Bool { stopDue != nil }

    /// The next thing to do, in order; nil when all that may be done now is done.
    package mutating func nextAction() -> ClientAction? {
        if !urgent.isEmpty { return urgent.removeFirst() }
        guard gatedDone < gated.count, gated[gatedDone].gate <= journal.durable else {
            if gatedDone == gated.count {
                gated.removeAll(keepingCapacity: true)
                gatedDone = 0
            }
            return nil
        }
        defer { gatedDone += 1 }
        return gated[gatedDone].action
    }

    private mutating func dial() {
        reach = .dialling
        urgent.append(.dial)
    }

    private mutating func wait(at now: Instant, _ note: (Duration) -> ClientNote) {
        let pause = backoff.next(using: &random)
        reach = .waiting(until: now + pause)
        urgent.append(.tell(note(pause)))
    }

    /// Whether there is a reason to go on, when the program wants to end.
    mutating func stopIfDone(at now: Instant) {
        guard let stopDue, reach != .stopped else { return }
        guard session.outbox.isEmpty || stopDue <= now else { return }
        switch reach {
        case .connected where session.connection?.phase == .leaving:
            // Its end is on the way; but not for ever.
            if stopDue <= now { end() }
        case .connected:
            session.finish(into: &effects)
            perform()
        case .resting, .waiting, .dialling, .stopped:
            end()
        }
    }

    private mutating func end() {
        reach = .stopped
        if !session.outbox.isEmpty {
            urgent.append(.tell(.abandoned(session.outbox.count)))
        }
        urgent.append(.stopped)
    }
}
