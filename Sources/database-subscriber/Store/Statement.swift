// SPDX-License-Identifier: Apache-2.0
//
// One prepared statement: compiled once, bound and run as often as one likes. Values go in by index
// from 1 and come out by index from 0, as SQLite counts.
import CSQLite

/// Bindings stay until they are bound anew: what never changes is bound once.
final class Statement {
    private let database: Database
    private let sql: String
    private let handle: OpaquePointer

    init(_ database: Database, _ sql: String) throws(DatabaseError) {
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(
            database.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        try database.check(code, sql: sql)
        guard let prepared else {
            preconditionFailure("no statement in '\(sql)'")
        }
        self.database = database
        self.sql = sql
        self.handle = prepared
    }

    deinit {
        sqlite3_finalize(handle)
    }

    /// Moves to the next row; false when there is none.
    func step() throws(DatabaseError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw database.error(code, sql: sql)
        }
    }

    /// Runs to the end a statement that brings no rows, and makes it ready for its next use.
    func run() throws(DatabaseError) {
        defer { reset() }
        while try step() {}
    }

    /// Must follow the last `step`: until then a statement that reads keeps its snapshot open.
    func reset() {
        // It only repeats the error of the last step, which has been thrown.
        sqlite3_reset(handle)
    }

    // MARK: In

    func bind(_ index: Int32, _ value: Int64) throws(DatabaseError) {
        try database.check(sqlite3_bind_int64(handle, index, value), sql: sql)
    }

    /// SQLite has no NaN and stores NULL in its place; the caller must have ruled it out.
    func bind(_ index: Int32, _ value: Double) throws(DatabaseError) {
        precondition(!value.isNaN, "NaN bound in '\(sql)'")
        try database.check(sqlite3_bind_double(handle, index, value), sql: sql)
    }

    func bind(_ index: Int32, _ value: String) throws(DatabaseError) {
        try bindText(index, value.utf8Span.span)
    }

    func bindText(_ index: Int32, _ utf8: Span<UInt8>) throws(DatabaseError) {
        let code = utf8.withUnsafeBufferPointer {
            csqlite_bind_text(handle, index, $0.baseAddress, UInt64($0.count))
        }
        try database.check(code, sql: sql)
    }

    func bindBlob(_ index: Int32, _ bytes: Span<UInt8>) throws(DatabaseError) {
        let code = bytes.withUnsafeBufferPointer {
            csqlite_bind_blob(handle, index, $0.baseAddress, UInt64($0.count))
        }
        try database.check(code, sql: sql)
    }

    func bindNull(_ index: Int32) throws(DatabaseError) {
        try database.check(sqlite3_bind_null(handle, index), sql: sql)
    }

    // MARK: Out

    func integer(_ column: Int32) -> Int64 {
        sqlite3_column_int64(handle, column)
    }

    func double(_ column: Int32) -> Double {
        sqlite3_column_double(handle, column)
    }

    func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(handle, column) == SQLITE_NULL
    }

    func text(_ column: Int32) -> String {
        String(decoding: bytes(column), as: UTF8.self)
    }

    /// A copy of what is there, be it a text or a blob.
    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, column) else {
            return []
        }
        let count = Int(sqlite3_column_bytes(handle, column))
        return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }
}
