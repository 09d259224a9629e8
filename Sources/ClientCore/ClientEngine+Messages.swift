// SPDX-License-Identifier: Apache-2.0
//
// What a program does with messages: put them into the outbox, and answer those that it received.
import MQTT

extension ClientEngine {
    /// Puts a message into the outbox. Nil where that is full and nothing may be dropped.
    package mutating func enqueue(_ message: OutboxMessage, at now: Instant) -> MessageNumber? {
        defer { perform() }
        return session.enqueue(message, at: now, into: &effects)
    }

    /// Makes a fact durable that the session's outbox had before the engine was made.
    package mutating func keep(_ fact: OutboxFact) {
        fact.append(to: &journal)
    }

    /// Keeps `bytes` as the outbox's note, in its place in the order of messages.
    package mutating func note(_ bytes: [UInt8]) {
        session.record(.noted(bytes), into: &effects)
        perform()
    }

    /// The application has stored the message for good.
    package mutating func stored(_ receipt: Receipt, at now: Instant) {
        session.stored(receipt, at: now, into: &effects)
        perform()
    }

    /// The application has forgotten the identifier for good.
    package mutating func forgotten(_ receipt: Receipt, at now: Instant) {
        session.forgotten(receipt, at: now, into: &effects)
        perform()
    }
}
