// SPDX-License-Identifier: Apache-2.0
//
// The subscriber's database, opened for reading beside whoever writes to it, and a table of our own
// in memory next to it. What is asked is `Verification`'s.
import CSQLite

/// There is nothing to verify, or it cannot be read.
struct InputError: Error, CustomStringConvertible {
    let description: String
}

final class ProofDatabase {
    private let path: String
    private let handle: OpaquePointer

    /// How long a subscriber that recovers its database is waited for.
    private static let patienceMilliseconds: Int32 = 10_000

    init(path: String) throws(InputError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let reason = String(cString: sqlite3_errstr(code))
            sqlite3_close_v2(opened)
            throw InputError(description: "database \(path): \(reason)")
        }
        self.path = path
        handle = opened
        sqlite3_busy_timeout(handle, Self.patienceMilliseconds)
    }

    deinit { sqlite3_close_v2(handle) }

    /// Runs SQL whose rows nobody wants; several statements may stand in one text.
    func execute(_ sql: String) throws(InputError) {
        try check(sqlite3_exec(handle, sql, nil, nil, nil))
    }

    /// All rows, each as the texts of its columns.
    func rows(_ sql: String) throws(InputError) -> [[String]] {
        let statement = try prepare(sql)
        defer { sqlite3_finalize(statement) }
        var rows: [[String]] = []
        while try step(statement) {
            rows.append(
                (0..<sqlite3_column_count(statement)).map { column in
                    sqlite3_column_text(statement, column).map { String(cString: $0) } ?? ""
                })
        }
        return rows
    }

    /// The number that a question has for an answer.
    func number(_ sql: String) throws(InputError) -> Int {
        try rows(sql).first?.first.flatMap { Int($0) } ?? 0
    }

    /// Runs one statement for each text, bound to `?1`; tells for which of them it changed no row.
    func forEach(
        _ sql: String,
        _ texts: ((Span<UInt8>) throws(InputError) -> Void) throws(InputError) -> Void
    ) throws(InputError) -> Int {
        let statement = try prepare(sql)
        defer { sqlite3_finalize(statement) }
        var unchanged = 0
        try texts { (text) throws(InputError) in
            let code = text.withUnsafeBufferPointer {
                csqlite_bind_text(statement, 1, $0.baseAddress, UInt64($0.count))
            }
            try check(code)
            while try step(statement) {}
            sqlite3_reset(statement)
            if sqlite3_changes(handle) == 0 { unchanged += 1 }
        }
        return unchanged
    }

    private func prepare(_ sql: String) throws(InputError) -> OpaquePointer {
        var statement: OpaquePointer?
        try check(sqlite3_prepare_v2(handle, sql, -1, &statement, nil))
        guard let statement else { preconditionFailure("no statement in '\(sql)'") }
        return statement
    }

    private func step(_ statement: OpaquePointer) throws(InputError) -> Bool {
        switch sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code:
            try check(code)
            return false
        }
    }

    private func check(_ code: Int32) throws(InputError) {
        guard code == SQLITE_OK else {
            let reason = String(cString: sqlite3_errmsg(handle))
            throw InputError(description: "database \(path): \(reason)")
        }
    }
}
