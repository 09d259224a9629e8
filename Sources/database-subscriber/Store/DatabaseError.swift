// SPDX-License-Identifier: Apache-2.0
//
// What SQLite says when it cannot do something, kept whole: result code, extended code, message and
// the statement. Says it in one line; who stops because of it is decided above.
import CSQLite
import Glibc

/// The world failed: disk full, file damaged, folder not writable, another writer in the way.
struct DatabaseError: Error, Equatable {
    /// SQLite's primary result code, `SQLITE_FULL` for instance.
    let code: Int32
    /// The finer code, `SQLITE_IOERR_FSYNC` for instance; equal to `code` where there is none.
    let extendedCode: Int32
    /// What SQLite said about it in English.
    let message: String
    /// The statement that failed; empty when no statement did, as in opening.
    let sql: String
    /// The file.
    let path: String
    /// What the kernel had said, where SQLite knows; 0 else.
    let systemError: Int32

    init(extendedCode: Int32, message: String, sql: String, path: String, systemError: Int32 = 0) {
        self.code = extendedCode & 0xff
        self.extendedCode = extendedCode
        self.message = message
        self.sql = sql
        self.path = path
        self.systemError = systemError
    }
}

extension DatabaseError: CustomStringConvertible {
    /// One line: what failed, where, what to do.
    var description: String {
        var line = "database \(path): \(message) (\(name)"
        if extendedCode != code {
            line += ", extended code \(extendedCode)"
        }
        if systemError != 0 {
            line += ", \(String(cString: strerror(systemError)))"
        }
        line += ")"
        if !sql.isEmpty {
            line += " in '\(firstWords)'"
        }
        return "\(line): \(advice)"
    }

    /// The C name of the primary code, which is what one searches for.
    private var name: String {
        switch code {
        case SQLITE_PERM: "SQLITE_PERM"
        case SQLITE_BUSY: "SQLITE_BUSY"
        case SQLITE_LOCKED: "SQLITE_LOCKED"
        case SQLITE_NOMEM: "SQLITE_NOMEM"
        case SQLITE_READONLY: "SQLITE_READONLY"
        case SQLITE_IOERR: "SQLITE_IOERR"
        case SQLITE_CORRUPT: "SQLITE_CORRUPT"
        case SQLITE_FULL: "SQLITE_FULL"
        case SQLITE_CANTOPEN: "SQLITE_CANTOPEN"
        case SQLITE_TOOBIG: "SQLITE_TOOBIG"
        case SQLITE_CONSTRAINT: "SQLITE_CONSTRAINT"
        case SQLITE_NOTADB: "SQLITE_NOTADB"
        default: "SQLite result code \(code)"
        }
    }

    private var advice: String {
        switch code {
        case SQLITE_FULL: "make room on the disk"
        case SQLITE_IOERR: "check the disk"
        case SQLITE_BUSY, SQLITE_LOCKED: "end the other program that writes to it"
        case SQLITE_CORRUPT: "the file is damaged; restore it from a backup"
        case SQLITE_NOTADB: "the file is no SQLite database, or damaged; name another one"
        case SQLITE_CANTOPEN where systemError == ENOENT: "the file or its folder does not exist"
        case SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM:
            "check that the file and its folder exist and that this user may write to both"
        default: "nothing of this transaction was stored"
        }
    }

    /// The statement without its line breaks, cut: enough to know it by.
    private var firstWords: String {
        let words = sql.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.count > 40 ? words.prefix(40) + "…" : words
    }
}
