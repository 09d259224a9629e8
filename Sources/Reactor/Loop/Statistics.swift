// SPDX-License-Identifier: Apache-2.0
//
// Plain counters of what the loop has done, for metrics, status lines and tests.

package struct Statistics: Equatable, Sendable {
    package var turns = 0
    package var reads = 0
    package var bytesRead = 0
    package var writes = 0
    package var bytesWritten = 0
    /// Connections that peers opened, and that we did.
    package var accepted = 0
    package var dialled = 0
    /// Accepted and closed at once: over a limit of connections, or out of descriptors.
    package var refusedOverLimit = 0
    package var refusedOutOfDescriptors = 0
    /// Times that accepting had to pause, because the system had no descriptor or memory left.
    package var acceptPauses = 0
    /// Events for descriptors that were closed earlier in the same turn.
    package var staleEvents = 0
    /// Connections open now.
    package var connections = 0
    /// The longest turn, waiting not counted.
    package var worstTurn: Duration { .nanoseconds(worstTurnNanoseconds) }
    var worstTurnNanoseconds: Int64 = 0

    package var refused: Int { refusedOverLimit + refusedOutOfDescriptors }

    package init() {}
}
