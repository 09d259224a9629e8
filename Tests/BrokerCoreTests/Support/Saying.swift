// SPDX-License-Identifier: Apache-2.0
// The effects of one event as a test writes them down: names in place of numbers of places, and
// packets without their addressee where it is the client that spoke.
import MQTT

@testable import BrokerCore

enum Saying: Equatable {
    /// A fact that is applied and ends with the process.
    case record(Decision)
    /// A fact that is journalled as well.
    case journal(Decision)
    case puback(PacketID, ReasonCode = .success, to: String? = nil)
    case pubrec(PacketID, ReasonCode = .success, to: String? = nil)
    case pubrel(PacketID, ReasonCode = .success, to: String? = nil)
    case pubcomp(PacketID, ReasonCode = .success, to: String? = nil)
    case publish(String, qos: Int = 0, id: PacketID? = nil, dup: Bool = false, to: String? = nil)
    case connack(ReasonCode = .success, present: Bool = false)
    case suback([ReasonCode])
    case unsuback([ReasonCode])
    case pingresp
    case disconnect(ReasonCode, to: String? = nil)
    case close(to: String? = nil)
    case pauseReading(of: String? = nil)
    case resumeReading(of: String? = nil)
}

/// A fact. Messages go by their topic, sessions by their client, receivers by `client#identifier`,
/// or by the client alone where the delivery has to wait.
enum Decision: Equatable {
    case opened(String)
    case resumed(String)
    case closed(String)
    case expiryChanged(String, UInt32)
    case ended(String)
    case subscribed(String, String)
    case unsubscribed(String, String)
    case stored(String)
    case accepted(String, from: String, PacketID)
    case released(String, PacketID, to: [String])
    case routed(String, retains: Bool = false, to: [String])
    case sent(String, PacketID)
    case acknowledged(String, PacketID)
    case completed(String, PacketID)
    case dropped(String, DropReason)
    case sentOnce(String)
    case retainedExpired(String)
    case willForgotten(String)
}
