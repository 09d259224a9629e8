// SPDX-License-Identifier: Apache-2.0
//
// What a person wants to know of a client's life besides the handshakes. Values; ClientNote+Text
// words them, the same for all programs.
import MQTT

package enum ClientNote: Equatable, Sendable {
    case connected(ProtocolVersion, resumed: Bool, inFlight: Int)
    case unreachable(String, retryIn: Duration)
    case lost(String, retryIn: Duration)
    case refused(ReasonCode, String?)
    case dismissed(ReasonCode, String?)
    /// The server did what the standard forbids.
    case violated(String)
    /// The server owes an answer for too long.
    case unanswered(PacketKind)
    /// The server cannot carry messages of the QoS that we need.
    case qosNotOffered(QoS)
    case subscribed(String, QoS)
    case subscriptionRefused(String, ReasonCode, retryIn: Duration)
    /// `inDoubt`: messages of which nobody can say whether they were delivered.
    case sessionLost(sentAgain: Int, inDoubt: [String])
    case dropped(String, Drop)
    /// Refused for now: it is sent again.
    case publishRefused(String, ReasonCode, retryIn: Duration)
    case disconnected
    /// The program ends with messages that were not delivered.
    case abandoned(Int)

    package enum Drop: Equatable, Sendable {
        case overflow
        case tooLarge
        case refused(ReasonCode)
    }
}
