// SPDX-License-Identifier: Apache-2.0
//
// What changes an outbox. A fact carries what was decided, so that replay decides nothing. How it is
// written as a record is in OutboxRecord.
import MQTT

package enum OutboxFact: Equatable, Sendable {
    /// From here on the message counts as taken.
    case enqueued(MessageNumber, OutboxMessage)
    /// The oldest waiting message took this identifier. No PUBLISH leaves before this is durable,
    /// or a crash would send it again under another one: a duplicate.
    case sent(MessageNumber, PacketID)
    /// PUBREC: from now on only PUBREL is repeated. No PUBREL leaves before this is durable, or a
    /// crash would send the PUBLISH again after the receiver has forgotten it: a duplicate.
    case acknowledged(PacketID)
    /// PUBCOMP or PUBACK; or, if the code is a failure, the end without delivery.
    case completed(PacketID, ReasonCode, at: Instant)
    /// Refused for now: the message waits again in its old place, for a new identifier.
    case returned(PacketID, ReasonCode)
    /// The oldest waiting message left without a flow.
    case removed(MessageNumber, Removal)
    /// The server does not know our session any more. What was published without an answer waits
    /// again; what was answered by PUBREC is given up, as `Outbox` explains.
    case sessionLost
    /// The server has a session of ours from now on. No PUBLISH leaves before this is durable, or
    /// a crash would ask for a clean start and so throw away what the server holds of ours.
    case sessionBegun
    /// What the program itself must remember, whole: it replaces what was noted before.
    case noted([UInt8])
    /// Behind this, facts are missing that others may have heard of. Identifiers and the server's
    /// session are not to be trusted any more, nor any number below the next one.
    case damaged(next: MessageNumber)

    // A checkpoint needs some words more, for it tells where things stand and not how they got
    // there.

    /// The next message gets this number; all that lie before and were not named are gone.
    case numbered(MessageNumber)
    /// A message that waits is on its way instead, behind those that were named before it.
    case flying(MessageNumber, PacketID, OutboundFlow)
    /// The last delivery.
    case delivered(MessageNumber, at: Instant)

    package enum Removal: UInt8, Equatable, Sendable {
        /// The outbox was full, and the policy is to drop the oldest.
        case overflow = 1
        /// Larger than the server takes.
        case tooLarge = 2
        /// QoS 0 is sent once.
        case sentOnce = 3
    }
}
