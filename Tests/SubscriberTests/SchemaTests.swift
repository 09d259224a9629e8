// SPDX-License-Identifier: Apache-2.0
//
// The door of the store: what is made, what is refused, and the one line that says so.
import CSQLite
import Foundation
import Testing

@testable import database_subscriber

enum FileSize {
    static func of(_ path: String) throws -> UInt64 {
        let handle = try #require(FileHandle(forReadingAtPath: path))
        return try handle.seekToEnd()
    }

    static func cut(_ path: String, to size: UInt64) throws {
        let handle = try #require(FileHandle(forUpdatingAtPath: path))
        try handle.truncate(atOffset: size)
        try handle.close()
    }
}

@Suite struct SchemaTests {
    let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private func made(by sql: String) throws -> Data {
        let database = try Database(path: folder.file, .create)
        try database.execute(sql)
        return try Data(contentsOf: URL(fileURLWithPath: folder.file))
    }

    private func failure(opening path: String) throws -> StoreError {
        try #require(throws: StoreError.self) {
            try Store(path: path, clientID: "db", now: now)
        }
    }

    @Test func aNewFileIsMadeDurableAndOurs() throws {
        let store = try folder.store()
        let database = try #require(store.connection).database
        #expect(try database.text("PRAGMA journal_mode") == "wal")
        #expect(try database.integer("PRAGMA synchronous") == 2)
        #expect(try database.integer("PRAGMA foreign_keys") == 1)
        #expect(try database.integer("PRAGMA busy_timeout") == 5_000)
        #expect(try database.integer("PRAGMA application_id") == 0x716f_7332)
        #expect(try database.integer("PRAGMA user_version") == 1)
        #expect(
            try ask(folder.file, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")
                == ["inbound", "readings", "rejected", "session", "streams"])
    }

    @Test func thePrintedSQLMakesAFileThatIsAccepted() throws {
        _ = try made(by: Schema.sql)
        _ = try folder.store().publish(1, seq: 1)
    }

    @Test func aForeignFileIsRefusedAndLeftAsItWas() throws {
        let before = try made(by: "CREATE TABLE recipes (name TEXT); PRAGMA application_id = 7")
        let error = try failure(opening: folder.file)
        #expect(error == .refused(.foreign(path: folder.file, applicationID: 7)))
        #expect(error.exitCode == 78)
        #expect(
            "\(error)" == "database \(folder.file) belongs to another program (application id 7, "
                + "ours is 1903129394): name another file")
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file)) == before)
    }

    @Test func aFileWithTablesButWithoutAMarkIsForeign() throws {
        _ = try made(by: "CREATE TABLE readings (id INTEGER)")
        #expect(
            try failure(opening: folder.file)
                == .refused(.foreign(path: folder.file, applicationID: 0)))
    }

    @Test func aNewerFileIsRefusedAndLeftAsItWas() throws {
        let before = try made(by: Schema.sql + "PRAGMA user_version = 2")
        let error = try failure(opening: folder.file)
        #expect(error == .refused(.newer(path: folder.file, version: 2)))
        #expect(error.exitCode == 78)
        #expect(
            "\(error)" == "database \(folder.file) has schema version 2, this program knows up to "
                + "1: install the release that wrote it, or name another file")
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file)) == before)
    }

    @Test func aFileThatIsNoDatabaseGivesOneLine() throws {
        let text = Data(String(repeating: "not a database\n", count: 100).utf8)
        try text.write(to: URL(fileURLWithPath: folder.file))
        let error = try failure(opening: folder.file)
        #expect(error.exitCode == 74)
        #expect(
            "\(error)" == "database \(folder.file): file is not a database (SQLITE_NOTADB) in "
                + "'PRAGMA application_id': the file is no SQLite database, or damaged; "
                + "name another one")
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file)) == text)
    }

    @Test func aDamagedFileGivesOneLine() throws {
        var store: Store? = try folder.store()
        for seq in Int64(1)...500 {
            _ = try store?.publish(nil, seq: seq)
        }
        _ = try store?.commit()
        store = nil
        var bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file))
        // All but the first page, which holds the list of the tables.
        bytes.replaceSubrange(4096..., with: Data(repeating: 0xff, count: bytes.count - 4096))
        try bytes.write(to: URL(fileURLWithPath: folder.file))
        let error = try failure(opening: folder.file)
        guard case .database(let cause) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(cause.code == SQLITE_CORRUPT)
        #expect(!"\(error)".contains("\n"))
        #expect("\(error)".hasSuffix("the file is damaged; restore it from a backup"))
    }

    @Test func aFolderThatIsNotThereGivesOneLine() throws {
        let error = try failure(opening: "/nowhere/telemetry.db")
        #expect(error.exitCode == 74)
        #expect(
            "\(error)" == "database /nowhere/telemetry.db: unable to open database file "
                + "(SQLITE_CANTOPEN, No such file or directory): "
                + "the file or its folder does not exist")
    }

    /// The kernel lets nobody make a file in /proc, not even root, whom modes do not stop.
    @Test func aFolderThatCannotBeWrittenGivesOneLine() throws {
        let error = try failure(opening: "/proc/self/telemetry.db")
        #expect(error.exitCode == 74)
        #expect("\(error)".hasPrefix("database /proc/self/telemetry.db: unable to open"))
        #expect(!"\(error)".contains("\n"))
    }

    @Test func aFileThatCannotBeWrittenGivesOneLine() throws {
        _ = try folder.store()
        let database = try Database(path: folder.file, .readOnly)
        let error = try #require(throws: DatabaseError.self) {
            try database.execute("DELETE FROM readings")
        }
        #expect(error.code == SQLITE_READONLY)
        #expect(
            "\(error)" == "database \(folder.file): attempt to write a readonly database "
                + "(SQLITE_READONLY) in 'DELETE FROM readings': "
                + "check that the file and its folder exist and that this user may write to both")
    }

    @Test func anEmptyFileIsNothingToRead() throws {
        _ = try made(by: "")
        let error = try #require(throws: StoreError.self) {
            try Schema.openForReading(folder.file)
        }
        #expect(error == .refused(.empty(path: folder.file)))
        #expect(
            "\(error)" == "database \(folder.file) is empty: start 'database-subscriber run' first")
    }

    @Test func aStreamOfFirstsCannotBeStoredBackwards() throws {
        _ = try folder.store()
        let database = try Database(path: folder.file, .readWrite)
        let error = try #require(throws: DatabaseError.self) {
            try database.execute("INSERT INTO streams VALUES ('a', 2, 1, 1, 0)")
        }
        #expect(error.code == SQLITE_CONSTRAINT)
        #expect(error.extendedCode == SQLITE_CONSTRAINT | 1 << 8)
    }
}
