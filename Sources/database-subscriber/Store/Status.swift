// SPDX-License-Identifier: Apache-2.0
//
// The state of a database as `database-subscriber status` shows it, read beside a running subscriber
// in one snapshot. Answers from the counters, not by counting rows: it takes no longer with millions.

struct Status: Equatable {
    struct Stream: Equatable {
        let name: String
        let range: ClosedRange<Int64>
        let rows: Int64
        /// How often a number was skipped.
        let gaps: Int64
        /// Numbers between first and last that are not there now.
        let missing: UInt64
    }

    struct Session: Equatable {
        let clientID: String
        let since: String
        /// Packet identifiers received and not yet released.
        let open: Int64
        let duplicatesSuppressed: Int64
        let duplicatesRefused: Int64
        let identifierConflicts: Int64
        let sessionsLost: Int64
    }

    let path: String
    let rejected: Int64
    let last: StoredRow?
    let streams: [Stream]
    let sessions: [Session]

    init(of database: Database) throws(DatabaseError) {
        // One snapshot for all questions, or a commit in between would make them disagree.
        try database.execute("BEGIN")
        path = database.path
        rejected = try database.integer("SELECT count(*) FROM rejected")
        last = try StoredRow.last(1, in: database).first
        streams = try Self.streams(of: database)
        sessions = try Self.sessions(of: database)
        try database.execute("COMMIT")
    }

    var rows: Int64 {
        streams.reduce(0) { $0 + $1.rows }
    }

    var gaps: Int64 {
        streams.reduce(0) { $0 + $1.gaps }
    }

    /// Two streams can miss more together than 64 bits count.
    var missing: UInt64 {
        streams.reduce(0) { sum, stream in
            let (total, isTooMuch) = sum.addingReportingOverflow(stream.missing)
            return isTooMuch ? .max : total
        }
    }

    var duplicatesSuppressed: Int64 {
        sessions.reduce(0) { $0 + $1.duplicatesSuppressed }
    }

    /// What should never be: see `Outcome.isFault`.
    var faults: Int64 {
        sessions.reduce(0) { $0 + $1.duplicatesRefused + $1.identifierConflicts }
    }

    private static func streams(of database: Database) throws(DatabaseError) -> [Stream] {
        let statement = try Statement(
            database,
            "SELECT stream, first_seq, last_seq, row_count, gap_count FROM streams ORDER BY stream")
        var streams: [Stream] = []
        while try statement.step() {
            let range = statement.integer(1)...statement.integer(2)
            let rows = statement.integer(3)
            streams.append(
                Stream(
                    name: statement.text(0), range: range, rows: rows, gaps: statement.integer(4),
                    missing: missingCount(in: range, rows: rows)))
        }
        return streams
    }

    private static func sessions(of database: Database) throws(DatabaseError) -> [Session] {
        let statement = try Statement(
            database,
            """
            SELECT client_id, since,
                (SELECT count(*) FROM inbound WHERE inbound.client_id = session.client_id),
                duplicates_suppressed, duplicates_refused, identifier_conflicts, sessions_lost
            FROM session ORDER BY client_id
            """)
        var sessions: [Session] = []
        while try statement.step() {
            sessions.append(
                Session(
                    clientID: statement.text(0),
                    since: statement.text(1),
                    open: statement.integer(2),
                    duplicatesSuppressed: statement.integer(3),
                    duplicatesRefused: statement.integer(4),
                    identifierConflicts: statement.integer(5),
                    sessionsLost: statement.integer(6)))
        }
        return sessions
    }
}
