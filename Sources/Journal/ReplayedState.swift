// SPDX-License-Identifier: Apache-2.0
// What a journal's records build up, as far as whoever keeps the journal needs to know: recovery
// and checkpoints are the same for a broker's sessions and a publisher's outbox.

/// A state that is a function of the records alone.
public protocol ReplayedState: ~Copyable, SendableMetatype {
    /// Before the first record.
    init()
    /// Takes whole records, in order.
    mutating func batch(_ records: Span<UInt8>) throws(RecordError)
    /// Appends the shortest list of records that gives the same state.
    func write(into journal: inout Journal)
}
