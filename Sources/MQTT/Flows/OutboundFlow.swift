// SPDX-License-Identifier: Apache-2.0
// The sending halves of QoS 1 and QoS 2: two small machines with one question each, "what does
// this acknowledgement mean to you?". They hold no identifiers and no messages: OutboundWindow does.

/// What the sender of a PUBLISH waits for.
///
///     QoS 1:   published1 ──PUBACK──► done
///
///     QoS 2:   published2 ──PUBREC──► released ──PUBCOMP──► done
///                  │                   │    ▲
///                  │                   └────┘ PUBREC again: PUBREL again
///                  └──PUBREC 0x80+──► done, refused            [MQTT-4.4.0-2]
///
/// Once released, the PUBLISH is never sent again. [MQTT-4.3.3-6]
public enum OutboundFlow: UInt8, Sendable {
    /// A QoS 1 PUBLISH was sent; PUBACK is owed.
    case published1 = 1
    /// A QoS 2 PUBLISH was sent; PUBREC is owed.
    case published2 = 2
    /// PUBREC came, PUBREL was sent; PUBCOMP is owed.
    case released = 3

    public enum Acknowledgement: Sendable {
        case puback
        case pubrec
        case pubcomp
    }

    /// What an acknowledgement asks of the sender.
    public enum Step: Equatable, Sendable {
        /// Move to `released` and send PUBREL. [MQTT-4.3.3-4]
        case release
        /// The receiver repeats PUBREC: send PUBREL again, nothing else changes.
        case repeatRelease
        /// Delivered.
        case complete
        /// The receiver refused the message; identifier and quota are free again.
        case refuse
        /// No sane receiver answers this PUBLISH so.
        case violation
    }

    @inlinable @inline(__always)
    public static func opening(_ qos: QoS) -> OutboundFlow {
        precondition(qos != .atMostOnce, "QoS 0 has no flow")
        return qos == .atLeastOnce ? .published1 : .published2
    }

    @inlinable @inline(__always)
    public func step(on acknowledgement: Acknowledgement, _ reason: ReasonCode) -> Step {
        switch (self, acknowledgement) {
        case (.published1, .puback): reason.isFailure ? .refuse : .complete
        case (.published2, .pubrec): reason.isFailure ? .refuse : .release
        case (.released, .pubrec): reason.isFailure ? .refuse : .repeatRelease
        case (.released, .pubcomp): .complete
        case (.published1, .pubrec), (.published1, .pubcomp): .violation
        case (.published2, .puback), (.published2, .pubcomp): .violation
        case (.released, .puback): .violation
        }
    }
}
