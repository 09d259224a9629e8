// SPDX-License-Identifier: Apache-2.0
//
// The quality of service of a message or a subscription. What each level obliges to is in Flows.

/// How surely a message is delivered. [MQTT 5.0, 4.3]
public enum QoS: UInt8, Comparable, Hashable, Sendable {
    case atMostOnce = 0
    case atLeastOnce
    case exactlyOnce

    @inlinable
    public static func < (left: QoS, right: QoS) -> Bool { left.rawValue < right.rawValue }
}
