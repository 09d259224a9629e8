// SPDX-License-Identifier: Apache-2.0
//
// Rows and identifiers come and go together: what a kill leaves at each moment, and what an error in
// the middle of a transaction leaves.
import CSQLite
import Testing

@testable import database_subscriber

@Suite struct AtomicityTests {
    let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private func state(_ path: String) throws -> [String] {
        // Opened as the next start would: with recovery of the write-ahead log.
        let identifiers = try Store(path: path, clientID: "db", now: now).storedIdentifiers()
        let counts = try ask(
            path,
            """
            SELECT (SELECT count(*) FROM readings), (SELECT count(*) FROM rejected),
                (SELECT coalesce(sum(row_count), 0) FROM streams)
            """, columns: 3)
        return counts + identifiers.map { "\($0)" }
    }

    @Test func aKillBeforeTheCommitLeavesNeitherRowNorIdentifier() throws {
        let store = try folder.store()
        _ = try store.publish(5, seq: 1)
        _ = try store.publish(6, "no reading")
        #expect(try state(folder.snapshot()) == ["0|0|0"])
        _ = try store.commit()
        #expect(try state(folder.snapshot()) == ["1|1|1", "5", "6"])
    }

    @Test func aKillBeforeTheReleaseIsCommittedKeepsTheIdentifier() throws {
        let store = try folder.store()
        _ = try store.publish(5, seq: 1)
        _ = try store.commit()
        _ = try store.release(packetID: 5)
        #expect(try state(folder.snapshot()) == ["1|0|1", "5"])
        _ = try store.commit()
        #expect(try state(folder.snapshot()) == ["1|0|1"])
    }

    @Test func aKillBeforeTheForgettingIsCommittedKeepsTheIdentifiers() throws {
        let store = try folder.store()
        _ = try store.publish(5, seq: 1)
        _ = try store.commit()
        try store.forgetSession()
        #expect(try state(folder.snapshot()) == ["1|0|1", "5"])
        _ = try store.commit()
        #expect(try state(folder.snapshot()) == ["1|0|1"])
    }

    /// Pages of a large transaction reach the log before its commit does: they must not count.
    @Test func aHalfWrittenTransactionIsNone() throws {
        let store = try folder.store()
        _ = try store.publish(9, seq: 0)
        _ = try store.commit()
        let sizeBefore = try FileSize.of(folder.file + "-wal")
        try #require(store.connection).database.execute("PRAGMA cache_size = 10")
        for seq in Int64(1)...5_000 {
            _ = try store.publish(UInt16(seq) + 10, seq: seq)
        }
        #expect(try FileSize.of(folder.file + "-wal") > 2 * sizeBefore, "nothing was spilled")
        #expect(try state(folder.snapshot()) == ["1|0|1", "9"])
        _ = try store.commit()
        #expect(try state(folder.snapshot()).count == 5_002)
    }

    @Test func aTornLogEndsAtItsLastWholeCommit() throws {
        let store = try folder.store()
        _ = try store.publish(1, seq: 1)
        _ = try store.commit()
        let whole = try folder.snapshot()
        _ = try store.publish(2, seq: 2)
        _ = try store.commit()
        let torn = try folder.snapshot()
        let wholeSize = try FileSize.of(whole + "-wal")
        let tornSize = try FileSize.of(torn + "-wal")
        try #require(tornSize > wholeSize)
        try FileSize.cut(torn + "-wal", to: tornSize - 100)
        #expect(try state(torn) == ["1|0|1", "1"])
    }

    @Test func aFullDiskEndsTheStoreAndKeepsWhatWasCommitted() throws {
        let store = try folder.store()
        _ = try store.publish(1, seq: 1)
        _ = try store.commit()
        let database = try #require(store.connection).database
        let pages = try database.integer("PRAGMA page_count")
        try database.execute("PRAGMA max_page_count = \(pages + 2)")
        let error = try #require(throws: DatabaseError.self) {
            for seq in Int64(2)...10_000 {
                _ = try store.publish(UInt16(seq), seq: seq)
            }
        }
        #expect(error.code == SQLITE_FULL)
        #expect(
            "\(error)" == "database \(folder.file): database or disk is full (SQLITE_FULL) "
                + "in 'INSERT INTO readings ( stream, seq, ts, …': make room on the disk")
        #expect(StoreError.database(error).exitCode == 74)
        #expect(store.connection == nil)
        #expect(!store.hasOpenTransaction)
        #expect(try state(folder.file) == ["1|0|1", "1"])
    }

    @Test func aStoreThatFailedIsNotUsedAgain() async throws {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            let folder = try Folder()
            let store = try folder.store()
            try store.connection?.database.execute("PRAGMA query_only = 1")
            #expect(throws: DatabaseError.self) { try store.publish(1, seq: 1) }
            _ = try store.commit()
        }
        let said = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(said.contains("was used after it had failed"), "\(said)")
    }

    @Test func anotherWriterIsNamed() throws {
        let first = try folder.store()
        let second = try folder.store(clientID: "other")
        try #require(second.connection).database.execute("PRAGMA busy_timeout = 0")
        _ = try first.publish(1, seq: 1)
        let error = try #require(throws: DatabaseError.self) {
            try second.publish(1, seq: 2)
        }
        #expect(error.code == SQLITE_BUSY)
        #expect(
            "\(error)" == "database \(folder.file): database is locked (SQLITE_BUSY) "
                + "in 'BEGIN IMMEDIATE': end the other program that writes to it")
        // Who had the lock is not disturbed.
        #expect(try first.commit().rows == 1)
    }
}
