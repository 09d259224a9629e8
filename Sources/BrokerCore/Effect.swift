// SPDX-License-Identifier: Apache-2.0
// What the broker wants done, in the order in which it must be done. A send waits for every record
// before it; no handler sees how.
import MQTT

/// One thing to do. Small values: what varies in size lies in the list's `details` and `answers`.
package enum Effect: Equatable, Sendable {
    /// The fact has been applied. `isDurable` says whether it has to be journalled as well.
    case record(Fact, isDurable: Bool)
    /// PUBACK, PUBREC, PUBREL or PUBCOMP.
    case acknowledge(PacketKind, PacketID, ReasonCode, to: ConnectionID)
    /// PUBLISH. `id` is nil for QoS 0.
    case deliver(Delivery, PacketID?, isRepeat: Bool, to: ConnectionID)
    /// CONNACK, SUBACK or UNSUBACK.
    case answer(Int32, to: ConnectionID)
    case pong(to: ConnectionID)
    /// DISCONNECT; MQTT 3.1.1 has none from a server, and gets none.
    case disconnect(ReasonCode, ConnectionID)
    /// Close once everything before has left.
    case close(ConnectionID)
    /// Stop taking packets from this connection until `resumeReading`.
    case pauseReading(ConnectionID)
    case resumeReading(ConnectionID)
    case setDeadline(Deadline, Instant?)
    /// The handler's own hold on a message ends here.
    case letGo(MessageID)
    /// Something that a person wants to know.
    case tell(Int32)
}

/// What a deadline is for.
package enum Deadline: Hashable, Sendable {
    /// A batch is held back no longer: the turn that this begins submits it.
    case commit
    /// CONNECT is owed, or the keep alive.
    case connection(ConnectionID)
    /// Its expiry or its will is due.
    case session(SessionID)
    /// A retained message expires.
    case retained
    /// The values of `$SYS` are due.
    case sys
}

/// The rarer packets, with everything that they carry.
package enum Answer: Equatable {
    case connack(Connack)
    case suback(PacketID, [ReasonCode])
    case unsuback(PacketID, [ReasonCode])

    package struct Connack: Equatable {
        package var reason: ReasonCode
        /// In words, for who speaks MQTT 5.0.
        package var explanation: String?
        package var sessionPresent = false
        package var assignedClient: ClientID?
        package var sessionExpiry: SessionExpiry?
        package var serverKeepAlive: UInt16?
        package var receiveMaximum: UInt16 = .max
        package var maximumPacketSize: UInt32?
        package var responseInformation: String?
    }
}

/// Effects in order, with what they refer to. Reused from event to event.
package struct EffectList: ~Copyable {
    package private(set) var effects = Pile<Effect>()
    package var details = Details()
    package private(set) var answers: [Answer] = []
    package private(set) var notes: [Note] = []

    package init() {}

    @inline(__always)
    mutating func append(_ effect: Effect) {
        effects.append(effect)
    }

    mutating func answer(_ answer: Answer, to connection: ConnectionID) {
        effects.append(.answer(Int32(answers.count), to: connection))
        answers.append(answer)
    }

    mutating func tell(_ note: Note) {
        effects.append(.tell(Int32(notes.count)))
        notes.append(note)
    }

    @inline(__always)
    package mutating func removeAll() {
        effects.removeAll()
        details.removeAll()
        if !answers.isEmpty { answers.removeAll() }
        if !notes.isEmpty { notes.removeAll() }
    }
}
