// SPDX-License-Identifier: Apache-2.0
//
// What a session does because time passes: PINGREQ, the end of patience with a silent server, and
// further attempts after a refusal.
import MQTT

extension ClientSession {
    /// When `deadlineReached` must be called.
    package var deadline: Instant? {
        guard let connection, connection.phase != .leaving else { return nil }
        let dues = [
            connection.awaited?.due, pingDue, connection.subscribing?.due,
            connection.subscribeAgain?.at, publishPausedUntil,
        ]
        return dues.compactMap { $0 }.min()
    }

    private var pingDue: Instant? {
        guard let connection, connection.phase == .open, connection.awaited == nil else {
            return nil
        }
        return connection.keepAlive.pingDue(after: connection.lastSent)
    }

    package mutating func deadlineReached(at now: Instant, into effects: inout [ClientEffect]) {
        guard let connection, connection.phase != .leaving else { return }
        if let (kind, due) = connection.awaited, due <= now {
            return unanswered(kind, into: &effects)
        }
        if let due = connection.subscribing?.due, due <= now {
            return unanswered(.suback, into: &effects)
        }
        if let due = pingDue, due <= now {  // [MQTT-3.1.2-20]
            effects.append(.ping)
            self.connection?.awaited = (.pingresp, now + options.answerTime)
            sent(at: now)
        }
        if let at = connection.subscribeAgain?.at, at <= now {
            subscribeAgain(at: now, into: &effects)
        }
        if let until = publishPausedUntil, until <= now {
            publishPausedUntil = nil
            publish(at: now, into: &effects)
        }
    }

    /// Nobody reads at the other end, so that nothing more is said to it.
    private mutating func unanswered(_ kind: PacketKind, into effects: inout [ClientEffect]) {
        effects.append(.tell(.unanswered(kind)))
        connection?.phase = .leaving
        effects.append(.close(flushing: false))
    }
}
