// SPDX-License-Identifier: Apache-2.0
// Counters with a label: of packets by kind, of messages by QoS, of refusals by reason. The first two
// are on the way of every message and are one addition each.
import MQTT

/// Packets by their kind.
package struct PacketCounts: Equatable, Sendable {
    private var counts = InlineArray<16, UInt64>(repeating: 0)

    package subscript(kind: PacketKind) -> UInt64 {
        get { counts[Int(kind.rawValue)] }
        set { counts[Int(kind.rawValue)] = newValue }
    }

    package var total: UInt64 { PacketKind.allCases.reduce(0) { $0 + self[$1] } }

    package static func == (left: PacketCounts, right: PacketCounts) -> Bool {
        PacketKind.allCases.allSatisfy { left[$0] == right[$0] }
    }
}

/// Messages by their QoS.
package struct QoSCounts: Equatable, Sendable {
    private var counts = InlineArray<3, UInt64>(repeating: 0)

    package subscript(qos: QoS) -> UInt64 {
        get { counts[Int(qos.rawValue)] }
        set { counts[Int(qos.rawValue)] = newValue }
    }

    package var total: UInt64 { counts[0] + counts[1] + counts[2] }

    package static func == (left: QoSCounts, right: QoSCounts) -> Bool {
        (0..<3).allSatisfy { left.counts[$0] == right.counts[$0] }
    }
}

/// Refusals by the reason code that was given.
package struct ReasonCounts: Equatable, Sendable {
    private var counts = [UInt64](repeating: 0, count: 256)

    package subscript(reason: ReasonCode) -> UInt64 {
        get { counts[Int(reason.rawValue)] }
        set { counts[Int(reason.rawValue)] = newValue }
    }

    package var total: UInt64 { counts.reduce(0, +) }

    /// Those that were given, in the order of their codes.
    package var given: [(reason: ReasonCode, count: UInt64)] {
        counts.indices.filter { counts[$0] > 0 }.map { (ReasonCode(UInt8($0)), counts[$0]) }
    }
}
