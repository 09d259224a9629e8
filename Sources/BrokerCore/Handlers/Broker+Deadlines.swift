// SPDX-License-Identifier: Apache-2.0
// What time brings: silence beyond the keep alive, a CONNECT that never came, wills and sessions
// that are due.
import MQTT

extension Broker {
    package mutating func deadlineReached(
        _ deadline: Deadline, at now: Instant, into effects: inout some Effects & ~Copyable
    ) {
        switch deadline {
        case .connection(let id): connectionDue(id, at: now, into: &effects)
        case .commit: break
        case .session(let id): sessionDue(id, at: now, into: &effects)
        case .retained: retainedDue(at: now, into: &effects)
        case .sys: break  // The engine asks for it, with its own figures.
        case .welcome: welcomeDue(at: now, into: &effects)
        case .leftBehind:
            state.releaseLeftBehind(atMost: State.releasedAtOnce)
            armLeftBehind(at: now, into: &effects)
            resumePaused(into: &effects)
        }
    }

    /// The rest is for the turns that follow.
    func armLeftBehind(at now: Instant, into effects: inout some Effects & ~Copyable) {
        if state.hasLeftBehind { effects.setDeadline(.leftBehind, now) }
    }

    /// So many at a time that nobody has to wait for it.
    private static var expiredAtOnce: Int { 1000 }

    private mutating func retainedDue(at now: Instant, into effects: inout some Effects & ~Copyable)
    {
        retainedDeadline = nil
        for _ in 0..<Self.expiredAtOnce {
            guard let (expires, message) = state.retained.next, expires <= now else { break }
            count { $0.retainedExpired += 1 }
            state.messages.hold(message)
            record(.retainedExpired(message), into: &effects)
            effects.letGo(message, of: &self)
        }
        armRetained(into: &effects)
    }

    /// The next retained message to expire.
    mutating func armRetained(into effects: inout some Effects & ~Copyable) {
        guard let next = state.retained.next?.expires else { return }
        if let armed = retainedDeadline, armed <= next { return }
        retainedDeadline = next
        effects.setDeadline(.retained, next)
    }

    /// The message path only notes when it last heard something; the deadline is moved here.
    func armKeepAlive(
        _ id: ConnectionID, at now: Instant, into effects: inout some Effects & ~Copyable
    ) {
        let due = connections[id.index].keepAlive.tolerance.map {
            connections[id.index].lastReceived + $0
        }
        effects.setDeadline(.connection(id), due)
    }

    /// PINGREQ: the client has nothing else to say, so what its messages needed is given back.
    /// [MQTT-3.12.4-1]
    mutating func ping(on id: ConnectionID, into effects: inout some Effects & ~Copyable) {
        rest(connections[id.index].session)
        effects.pong(to: id, from: &self)
    }

    /// Gives the memory back that a session needs only while messages pass.
    mutating func rest(_ session: SessionID) {
        state[session].outbound.shrinkIfEmpty()
        state[session].inbound.shrinkIfEmpty()
        if state[session].waiting.isEmpty { state[session].waiting = ChunkedQueue() }
    }

    private mutating func connectionDue(
        _ id: ConnectionID, at now: Instant, into effects: inout some Effects & ~Copyable
    ) {
        guard connections.contains(id.index) else { return }
        switch connections[id.index].phase {
        case .awaitingConnect:
            violated(id, .protocolError, "no CONNECT in time", at: now, into: &effects)
        case .open:
            let keepAlive = connections[id.index].keepAlive
            guard let tolerance = keepAlive.tolerance else { return }
            if connections[id.index].isPaused || connections[id.index].welcome?.search != nil {
                // The silence is ours: we do not read.
                connections[id.index].lastReceived = now
            }
            guard connections[id.index].lastReceived + tolerance <= now else {
                armKeepAlive(id, at: now, into: &effects)
                return
            }
            effects.disconnect(.keepAliveTimeout, id, from: &self)  // [MQTT-3.1.2-22]
            leave(id, .keepAlive(seconds: keepAlive.seconds), at: now, into: &effects)
        case .closing:
            return
        }
    }

    /// The next of will and expiry of a session without a connection.
    func armSession(_ id: SessionID, into effects: inout some Effects & ~Copyable) {
        guard let closedAt = state[id].closedAt else { return }
        let expiry = state[id].expiry.end(after: closedAt)
        let will = state[id].will.map { closedAt + .seconds(Int64($0.delay)) }
        let due = [expiry, will].compactMap { $0 }.min()
        effects.setDeadline(.session(id), due)
    }

    private mutating func sessionDue(
        _ id: SessionID, at now: Instant, into effects: inout some Effects & ~Copyable
    ) {
        guard state.contains(id), state[id].connection == nil, let closedAt = state[id].closedAt
        else { return }
        let isOver = state[id].expiry.end(after: closedAt).map { $0 <= now } ?? false
        if let will = state[id].will, !isOver, closedAt + .seconds(Int64(will.delay)) <= now {
            publishWill(of: id, at: now, into: &effects)
        }
        if isOver {
            endSession(id, expired: true, at: now, into: &effects)
        } else {
            armSession(id, into: &effects)
        }
    }
}
