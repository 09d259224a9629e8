// SPDX-License-Identifier: Apache-2.0
// Plain counters of what the broker did since it started.

package struct Metrics: Equatable, Sendable {
    package var connectionsOpen = 0
    package var connectionsTotal: UInt64 = 0
    package var connectionsRefused: UInt64 = 0
    package var packetsReceived: UInt64 = 0
    package var messagesReceived: UInt64 = 0
    package var messagesDelivered: UInt64 = 0
    /// Answered with a failure in PUBACK or PUBREC.
    package var publishesRefused: UInt64 = 0
    package var retainedExpired: UInt64 = 0
    package var duplicatesSuppressed: UInt64 = 0
    /// By `DropReason.rawValue`.
    package var dropped = [UInt64](repeating: 0, count: DropReason.allCases.count + 1)
}
