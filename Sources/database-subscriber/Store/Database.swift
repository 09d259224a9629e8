// SPDX-License-Identifier: Apache-2.0
//
// One connection to one SQLite file: opened, asked, closed. Knows SQLite's calls and nothing of
// readings; `Schema` says what is in the file, `Statement` is one prepared sentence of SQL.
import CSQLite

/// Owned by one thread: SQLite's own locking is off.
final class Database {
    enum Access {
        case readOnly, readWrite, create
    }

    let path: String
    let handle: OpaquePointer

    /// How long another writer is waited for; it must stay well below the watchdog's time.
    private static let busyMilliseconds: Int32 = 5_000

    init(path: String, _ access: Access) throws(DatabaseError) {
        var opened: OpaquePointer?
        let flags =
            switch access {
            case .readOnly: SQLITE_OPEN_READONLY
            case .readWrite: SQLITE_OPEN_READWRITE
            case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            }
        let code = sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let handle = opened else {
            let error = Self.error(of: opened, code, sql: "", path: path)
            sqlite3_close_v2(opened)
            throw error
        }
        self.path = path
        self.handle = handle
        sqlite3_extended_result_codes(handle, 1)
        try check(sqlite3_busy_timeout(handle, Self.busyMilliseconds), sql: "")
        try check(csqlite_set_defensive(handle), sql: "")
    }

    deinit {
        // Statements hold their database, so none is left. The last connection to leave also moves
        // the write-ahead log into the file; should that fail, the log stays and is read next time.
        sqlite3_close_v2(handle)
    }

    /// Runs SQL that brings no rows; several statements may stand in one text.
    func execute(_ sql: String) throws(DatabaseError) {
        try check(sqlite3_exec(handle, sql, nil, nil, nil), sql: sql)
    }

    /// The one integer that a question has for an answer.
    func integer(_ sql: String) throws(DatabaseError) -> Int64 {
        let statement = try Statement(self, sql)
        return try statement.step() ? statement.integer(0) : 0
    }

    /// The one text that a question has for an answer.
    func text(_ sql: String) throws(DatabaseError) -> String {
        let statement = try Statement(self, sql)
        return try statement.step() ? statement.text(0) : ""
    }

    /// Rows that the last insert, update or delete has touched.
    var changes: Int32 {
        sqlite3_changes(handle)
    }

    /// False from BEGIN to COMMIT or ROLLBACK. SQLite itself rolls back after some failures.
    var isAutocommit: Bool {
        sqlite3_get_autocommit(handle) != 0
    }

    func check(_ code: Int32, sql: String) throws(DatabaseError) {
        guard code == SQLITE_OK else {
            throw error(code, sql: sql)
        }
    }

    func error(_ code: Int32, sql: String) -> DatabaseError {
        Self.error(of: handle, code, sql: sql, path: path)
    }

    private static func error(
        of handle: OpaquePointer?, _ code: Int32, sql: String, path: String
    ) -> DatabaseError {
        guard let handle else {
            let message = String(cString: sqlite3_errstr(code))
            return DatabaseError(extendedCode: code, message: message, sql: sql, path: path)
        }
        return DatabaseError(
            extendedCode: sqlite3_extended_errcode(handle),
            message: String(cString: sqlite3_errmsg(handle)),
            sql: sql,
            path: path,
            systemError: sqlite3_system_errno(handle))
    }
}
