// SPDX-License-Identifier: Apache-2.0
//
// What a client session wants done, in the order in which it must be done: ClientEngine performs it.
// A send waits for every record before it; no handler sees how.
import MQTT

package enum ClientEffect: Equatable {
    /// The fact has been applied; make it durable.
    case record(OutboxFact)

    case connect(cleanStart: Bool)
    case publish(OutboxMessage, PublishHead)
    /// PUBACK, PUBREC, PUBREL or PUBCOMP.
    case acknowledge(PacketKind, PacketID, ReasonCode)
    /// The places of the filters among the options' subscriptions.
    case subscribe(PacketID, [Int])
    case ping
    /// MQTT 3.1.1 can say no reason: there only a normal end is sent.
    case disconnect(ReasonCode)

    /// Close the connection: after what may leave has left, or at once because nobody reads it.
    case close(flushing: Bool)

    /// The application gets a message.
    case offer(IncomingMessage)
    /// The application is to forget an identifier.
    case release(Receipt)
    /// The application is to forget all identifiers.
    case forgetSession

    /// The message is in the outbox, once the record before this is durable.
    case taken(MessageNumber)
    /// A line of a handshake.
    case step(HandshakeStep)
    /// Something else that a person wants to know.
    case tell(ClientNote)
}
