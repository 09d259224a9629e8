// SPDX-License-Identifier: Apache-2.0
//
// The counters of one client id that must outlive the process, in the table `session`. Counted in
// memory, added to the table at the commit.

final class SessionRecord {
    var duplicatesSuppressed: Int64 = 0
    var duplicatesRefused: Int64 = 0
    var identifierConflicts: Int64 = 0
    var sessionsLost: Int64 = 0

    private let insert: Statement
    private let update: Statement

    init(_ database: Database, clientID: String) throws(DatabaseError) {
        insert = try Statement(
            database,
            "INSERT INTO session (client_id, since) VALUES (?, ?) ON CONFLICT DO NOTHING")
        update = try Statement(
            database,
            """
            UPDATE session SET
                duplicates_suppressed = duplicates_suppressed + ?2,
                duplicates_refused = duplicates_refused + ?3,
                identifier_conflicts = identifier_conflicts + ?4,
                sessions_lost = sessions_lost + ?5
            WHERE client_id = ?1
            """)
        try insert.bind(1, clientID)
        try update.bind(1, clientID)
    }

    /// The client id becomes known; `inbound` refers to it.
    func enter(at now: Int64) throws(DatabaseError) {
        let since = Timestamp(nanosecondsSince1970: now)
        try insert.bindText(2, since.utf8.span)
        try insert.run()
    }

    /// To be called within the transaction, before its commit.
    func flush() throws(DatabaseError) {
        let counts = [duplicatesSuppressed, duplicatesRefused, identifierConflicts, sessionsLost]
        guard counts.contains(where: { $0 != 0 }) else {
            return
        }
        for (offset, count) in counts.enumerated() {
            try update.bind(Int32(offset) + 2, count)
        }
        try update.run()
        (duplicatesSuppressed, duplicatesRefused, identifierConflicts, sessionsLost) = (0, 0, 0, 0)
    }
}
