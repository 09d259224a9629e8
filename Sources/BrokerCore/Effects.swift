// SPDX-License-Identifier: Apache-2.0
// What the broker wants done, said in the order in which it must be done. Whoever listens carries it
// out or writes it down: `Performer` does the one, tests the other, and no handler sees how.
import MQTT

/// Who is told. A send waits for every record before it.
///
/// The broker is handed along where its state is needed: what is said is meant as of that moment.
package protocol Effects: ~Copyable {
    /// The fact has been applied. `isDurable` says whether it has to be journalled as well.
    mutating func record(_ fact: Fact, isDurable: Bool, of broker: borrowing Broker)
    /// PUBACK, PUBREC, PUBREL or PUBCOMP.
    mutating func acknowledge(
        _ kind: PacketKind, _ packet: PacketID, _ reason: ReasonCode, to id: ConnectionID,
        from broker: inout Broker)
    /// PUBLISH. `packet` is nil for QoS 0.
    mutating func deliver(
        _ delivery: Delivery, _ packet: PacketID?, isRepeat: Bool, to id: ConnectionID,
        from broker: inout Broker)
    /// A PUBLISH with a plain body, as it came.
    mutating func pass(
        _ packet: PublishPacket, _ bytes: Span<UInt8>, to id: ConnectionID,
        from broker: inout Broker)
    /// The handler's own hold on a message ends here.
    mutating func letGo(_ message: MessageID, of broker: inout Broker)
    /// CONNACK, SUBACK or UNSUBACK.
    mutating func answer(_ answer: Answer, to id: ConnectionID, from broker: inout Broker)
    mutating func pong(to id: ConnectionID, from broker: inout Broker)
    /// DISCONNECT; MQTT 3.1.1 has none from a server, and gets none.
    mutating func disconnect(
        _ reason: ReasonCode, _ id: ConnectionID, from broker: inout Broker)
    /// Close once everything before has left.
    mutating func close(_ id: ConnectionID, from broker: inout Broker)
    /// Stop taking packets from this connection until `resumeReading`.
    mutating func pauseReading(_ id: ConnectionID)
    mutating func resumeReading(_ id: ConnectionID)
    mutating func setDeadline(_ deadline: Deadline, _ at: Instant?)
    /// Something that a person wants to know.
    mutating func tell(_ note: Note)
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
    /// The next search for retained messages goes on.
    case welcome
    /// Messages that ended sessions have left go on to be released.
    case leftBehind
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
