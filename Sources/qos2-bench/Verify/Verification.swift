// SPDX-License-Identifier: Apache-2.0
//
// The proof: what the publishers say they have measured against what stands in the database. The
// questions are SQL, so that anybody can ask them again with SQLite's own shell.

/// What was found, by kind of fault.
struct Verdict: Equatable {
    struct Fault: Equatable {
        var count = 0
        /// The first few, as `stream/seq`.
        var examples: [String] = []
    }

    /// Different readings in the ledgers, and rows in the database.
    var readings = 0
    var rows = 0
    /// Lines that are no reading: the rest of a write that a kill cut short. They are no fault: a
    /// reading is written down before it is taken.
    var unreadable = 0

    var missing = Fault()
    var doubled = Fault()
    var reordered = Fault()
    var changed = Fault()
    var foreign = Fault()

    var faults: [(name: String, fault: Fault)] {
        [
            ("missing", missing), ("doubled", doubled), ("reordered", reordered),
            ("changed", changed), ("foreign", foreign),
        ]
    }

    var isProved: Bool { faults.allSatisfy { $0.fault.count == 0 } }
}

enum Verification {
    static let examplesMax = 5

    /// For one line of a ledger. The last line of a number wins: one that was written down and not
    /// taken, because its publisher was killed, is measured again.
    private static let insertLine = """
        INSERT OR REPLACE INTO temp.ledger
        SELECT json_extract(?1, '$.stream'), json_extract(?1, '$.seq'), CAST(?1 AS BLOB)
        WHERE json_valid(?1)
            AND json_type(?1, '$.stream') = 'text' AND json_type(?1, '$.seq') = 'integer'
        """

    private static let missing = """
        SELECT stream, seq FROM temp.ledger AS ledger WHERE NOT EXISTS (
            SELECT 1 FROM readings
            WHERE readings.stream = ledger.stream AND readings.seq = ledger.seq)
        """

    private static let doubled = """
        SELECT stream, seq FROM readings GROUP BY stream, seq HAVING count(*) > 1
        """

    /// Rows behind a later reading of their stream.
    private static let reordered = """
        SELECT stream, seq FROM (
            SELECT stream, seq, max(seq) OVER (
                PARTITION BY stream ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS highest FROM readings)
        WHERE seq < highest
        """

    private static let changed = """
        SELECT stream, seq FROM readings JOIN temp.ledger USING (stream, seq)
        WHERE CAST(readings.payload AS BLOB) <> ledger.payload
        """

    private static let foreign = """
        SELECT stream, seq FROM readings WHERE NOT EXISTS (
            SELECT 1 FROM temp.ledger AS ledger
            WHERE ledger.stream = readings.stream AND ledger.seq = readings.seq)
        """

    static func verdict(
        ledgers: [String], database path: String
    ) throws(InputError) -> Verdict {
        let database = try ProofDatabase(path: path)
        try database.execute(
            """
            PRAGMA temp_store = MEMORY;
            CREATE TEMP TABLE ledger (
                stream TEXT, seq INTEGER, payload BLOB, PRIMARY KEY (stream, seq)
            ) WITHOUT ROWID;
            BEGIN;
            """)
        guard try tables(of: database).contains("readings") else {
            throw InputError(description: "database \(path) has no table 'readings'")
        }
        var verdict = Verdict()
        verdict.unreadable = try database.forEach(insertLine) { insert throws(InputError) in
            for ledger in ledgers { try Ledger.forEachLine(of: ledger, insert) }
        }
        verdict.readings = try database.number("SELECT count(*) FROM temp.ledger")
        verdict.rows = try database.number("SELECT count(*) FROM readings")
        verdict.missing = try fault(missing, in: database)
        verdict.doubled = try fault(doubled, in: database)
        verdict.reordered = try fault(reordered, in: database)
        verdict.changed = try fault(changed, in: database)
        verdict.foreign = try fault(foreign, in: database)
        try addCounted(to: &verdict, from: database)
        return verdict
    }

    /// What the subscriber had to turn away is a fault too: the table's key must not hide a second
    /// delivery, nor the table of rejected messages a damaged one.
    private static func addCounted(
        to verdict: inout Verdict, from database: ProofDatabase
    ) throws(InputError) {
        let tables = try tables(of: database)
        if tables.contains("session") {
            let refused = try database.number(
                "SELECT sum(duplicates_refused + identifier_conflicts) FROM session")
            verdict.doubled.add(refused, "refused by the database's key")
        }
        if tables.contains("rejected") {
            let rejected = try database.number("SELECT count(*) FROM rejected")
            verdict.foreign.add(rejected, "in the table 'rejected'")
        }
    }

    private static func tables(of database: ProofDatabase) throws(InputError) -> [String] {
        try database.rows("SELECT name FROM main.sqlite_schema WHERE type = 'table'").map { $0[0] }
    }

    private static func fault(
        _ sql: String, in database: ProofDatabase
    ) throws(InputError) -> Verdict.Fault {
        let count = try database.number("SELECT count(*) FROM (\(sql))")
        guard count > 0 else { return Verdict.Fault() }
        let examples = try database.rows("\(sql) LIMIT \(examplesMax)")
        return Verdict.Fault(count: count, examples: examples.map { "\($0[0])/\($0[1])" })
    }
}

extension Verdict.Fault {
    fileprivate mutating func add(_ number: Int, _ what: String) {
        guard number > 0 else { return }
        count += number
        examples.append("\(number) \(what)")
    }
}
