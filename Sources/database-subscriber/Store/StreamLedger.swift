// SPDX-License-Identifier: Apache-2.0
//
// Where each stream stands: first and last number, rows, gaps. Kept for one transaction only, read
// from the table when a stream is first met and added to the table at the commit, so that it can
// never disagree with the rows, whoever else writes to the file.

/// The changes that one transaction makes to one stream.
struct StreamProgress: Equatable {
    /// The lowest and highest number so far; nil before the stream's first row.
    private(set) var range: ClosedRange<Int64>?
    private(set) var addedRows: Int64 = 0
    private(set) var addedGaps: Int64 = 0

    init(range: ClosedRange<Int64>?) {
        self.range = range
    }

    /// A row with this number was added; it was not there before.
    mutating func add(_ seq: Int64) -> Continuity {
        addedRows += 1
        guard let known = range else {
            range = seq...seq
            return .first
        }
        range = min(known.lowerBound, seq)...max(known.upperBound, seq)
        guard seq > known.upperBound else {
            return .late
        }
        // Cannot overflow: seq is greater still.
        let expected = known.upperBound + 1
        guard seq > expected else {
            return .next
        }
        addedGaps += 1
        return .gap(expected: expected)
    }
}

/// Numbers between a stream's first and last that have no row. [0, Int64.max] holds 2^63 of them,
/// which only UInt64 can count.
func missingCount(in range: ClosedRange<Int64>, rows: Int64) -> UInt64 {
    let numbers = UInt64(range.upperBound - range.lowerBound) + 1
    return numbers - min(numbers, UInt64(clamping: rows))
}

/// The streams that the open transaction has touched.
struct StreamLedger {
    private var streams: [String: StreamProgress] = [:]
    private let read: Statement
    private let write: Statement

    init(_ database: Database) throws(DatabaseError) {
        read = try Statement(
            database, "SELECT first_seq, last_seq FROM streams WHERE stream = ?")
        write = try Statement(
            database,
            """
            INSERT INTO streams (stream, first_seq, last_seq, row_count, gap_count)
            VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET
                first_seq = excluded.first_seq, last_seq = excluded.last_seq,
                row_count = row_count + excluded.row_count,
                gap_count = gap_count + excluded.gap_count
            """)
    }

    mutating func add(_ message: MessageID) throws(DatabaseError) -> Continuity {
        if let continuity = streams[message.stream]?.add(message.seq) {
            return continuity
        }
        var progress = StreamProgress(range: try storedRange(of: message.stream))
        let continuity = progress.add(message.seq)
        streams[message.stream] = progress
        return continuity
    }

    /// To be called within the transaction, before its commit.
    mutating func flush() throws(DatabaseError) {
        for (stream, progress) in streams {
            guard let range = progress.range else {
                continue
            }
            try write.bind(1, stream)
            try write.bind(2, range.lowerBound)
            try write.bind(3, range.upperBound)
            try write.bind(4, progress.addedRows)
            try write.bind(5, progress.addedGaps)
            try write.run()
        }
        streams.removeAll(keepingCapacity: true)
    }

    private func storedRange(of stream: String) throws(DatabaseError) -> ClosedRange<Int64>? {
        defer { read.reset() }
        try read.bind(1, stream)
        return try read.step() ? read.integer(0)...read.integer(1) : nil
    }
}
