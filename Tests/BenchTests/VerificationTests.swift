// SPDX-License-Identifier: Apache-2.0
//
// The proof with nothing wrong, and with each fault planted into the database or the ledger.
import CSQLite
import Foundation
import Testing

@testable import qos2_bench

@Suite struct VerificationTests {
    private let folder: URL
    private let ledger: URL
    private let database: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        ledger = folder.appending(path: "ledger")
        database = folder.appending(path: "telemetry.db")
        try write((1...9).map { line($0) })
        // As the subscriber makes it, but for the key, which refuses some of what is planted.
        try change(
            """
            CREATE TABLE readings (
                id INTEGER PRIMARY KEY, stream TEXT NOT NULL, seq INTEGER NOT NULL,
                payload BLOB NOT NULL) STRICT;
            CREATE TABLE rejected (id INTEGER PRIMARY KEY, reason TEXT NOT NULL) STRICT;
            CREATE TABLE session (
                client_id TEXT PRIMARY KEY, duplicates_suppressed INTEGER NOT NULL DEFAULT 0,
                duplicates_refused INTEGER NOT NULL DEFAULT 0,
                identifier_conflicts INTEGER NOT NULL DEFAULT 0) STRICT;
            INSERT INTO session VALUES ('database-subscriber', 3, 0, 0);
            """)
        for seq in 1...9 {
            try change(
                "INSERT INTO readings VALUES (\(seq), 'line1', \(seq), x'\(hex(line(seq)))')")
        }
    }

    private func line(_ seq: Int, _ stream: String = "line1") -> String {
        #"{"stream":"\#(stream)","seq":\#(seq),"ts":"t","temperature":2\#(seq).5}"#
    }

    private func hex(_ text: String) -> String {
        text.utf8.map { String(format: "%02x", $0) }.joined()
    }

    private func write(_ lines: [String], end: String = "\n") throws {
        try (lines.joined(separator: "\n") + end)
            .write(to: ledger, atomically: true, encoding: .utf8)
    }

    private func change(_ sql: String) throws {
        var handle: OpaquePointer?
        try #require(sqlite3_open(database.path, &handle) == SQLITE_OK)
        defer { sqlite3_close(handle) }
        try #require(sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK)
    }

    private func verdict() throws -> Verdict {
        try Verification.verdict(ledgers: [ledger.path], database: database.path)
    }

    /// The faults found, by name; the others are none.
    private func faults() throws -> [String: [String]] {
        let verdict = try verdict()
        #expect(verdict.isProved == verdict.faults.allSatisfy { $0.fault.count == 0 })
        let found = verdict.faults.filter { $0.fault.count > 0 }
        return Dictionary(uniqueKeysWithValues: found.map { ($0.name, $0.fault.examples) })
    }

    @Test func nothingWrongIsProved() throws {
        let verdict = try verdict()
        #expect(verdict.isProved && verdict.readings == 9 && verdict.rows == 9)
        #expect(
            verdict.lines == [
                "ledger 9 readings, database 9 rows",
                "missing 0, doubled 0, reordered 0, changed 0, foreign 0",
            ])
    }

    @Test func aDeletedRowIsMissing() throws {
        try change("DELETE FROM readings WHERE seq = 4")
        #expect(try faults() == ["missing": ["line1/4"]])
    }

    @Test func theLastRowDeletedIsMissing() throws {
        try change("DELETE FROM readings WHERE seq = 9")
        #expect(try faults() == ["missing": ["line1/9"]])
    }

    @Test func aDoubledRowIsDoubled() throws {
        try change(
            "INSERT INTO readings SELECT NULL, stream, seq, payload FROM readings WHERE seq = 9")
        #expect(try faults() == ["doubled": ["line1/9"]])
    }

    @Test func swappedRowsAreReordered() throws {
        try change(
            """
            UPDATE readings SET id = 100 WHERE id = 3;
            UPDATE readings SET id = 3 WHERE id = 4;
            UPDATE readings SET id = 4 WHERE id = 100;
            """)
        #expect(try faults() == ["reordered": ["line1/3"]])
    }

    @Test func aChangedByteIsChanged() throws {
        try change(
            "UPDATE readings SET payload = x'\(hex(line(5).replacing("25.5", with: "25.6")))' WHERE seq = 5"
        )
        #expect(try faults() == ["changed": ["line1/5"]])
    }

    @Test func aRowInNoLedgerIsForeign() throws {
        try change("INSERT INTO readings VALUES (10, 'line1', 10, x'00')")
        #expect(try faults() == ["foreign": ["line1/10"]])
    }

    @Test func theSameNumberOfAnotherStreamIsAnotherReading() throws {
        try write((1...9).map { line($0) } + [line(1, "line2")])
        #expect(try faults() == ["missing": ["line2/1"]])
        try change("INSERT INTO readings VALUES (10, 'line2', 1, x'\(hex(line(1, "line2")))')")
        #expect(try faults() == [:])
    }

    @Test func whatTheKeyRefusedIsDoubled() throws {
        try change("UPDATE session SET duplicates_refused = 1, identifier_conflicts = 1")
        #expect(try faults() == ["doubled": ["2 refused by the database's key"]])
    }

    @Test func aRejectedMessageIsForeign() throws {
        try change("INSERT INTO rejected VALUES (1, 'not JSON')")
        #expect(try faults() == ["foreign": ["1 in the table 'rejected'"]])
    }

    @Test func theLastLineOfANumberWins() throws {
        let before = line(5).replacing("25.5", with: "99.9")
        try write((1...4).map { line($0) } + [before] + (5...9).map { line($0) })
        #expect(try faults() == [:])
        try write((1...9).map { line($0) } + [before])
        #expect(try faults() == ["changed": ["line1/5"]])
    }

    @Test func anUnfinishedLineWasNeverTaken() throws {
        try write((1...9).map { line($0) } + [line(10)], end: "")
        #expect(try verdict().isProved)
    }

    @Test func aTornLineInTheMiddleIsTold() throws {
        try write((1...8).map { line($0) } + [#"{"stream":"li"#, line(9)])
        let verdict = try verdict()
        #expect(verdict.isProved && verdict.unreadable == 1)
        #expect(verdict.lines.last == "unfinished lines in the ledger 1")
    }

    @Test func onlyTheFirstFewAreNamed() throws {
        try change("DELETE FROM readings")
        let missing = try verdict().missing
        #expect(missing.count == 9 && missing.examples.count == Verification.examplesMax)
        #expect(try verdict().lines[2].hasSuffix("line1/5, …"))
    }

    @Test func severalLedgersAreOne() throws {
        let second = folder.appending(path: "second")
        try (line(10) + "\n").write(to: second, atomically: true, encoding: .utf8)
        try change("INSERT INTO readings VALUES (10, 'line1', 10, x'\(hex(line(10)))')")
        #expect(try faults() == ["foreign": ["line1/10"]])
        let verdict = try Verification.verdict(
            ledgers: [ledger.path, second.path], database: database.path)
        #expect(verdict.isProved && verdict.readings == 10)
    }

    @Test func whatIsNotThereIsSaid() throws {
        let none = folder.path + "/none"
        #expect(throws: InputError.self) {
            try Verification.verdict(ledgers: [none], database: database.path)
        }
        #expect(throws: InputError.self) {
            try Verification.verdict(ledgers: [ledger.path], database: none)
        }
        #expect(throws: InputError.self) {
            try Verification.verdict(ledgers: [ledger.path], database: ledger.path)
        }
    }
}
