// SPDX-License-Identifier: Apache-2.0
//
// SQLite for Swift: what the importer cannot show, casts in macros and a variadic function. All
// else of sqlite3.h is called from Swift as it is.
#pragma once
#include <sqlite3.h>

_Static_assert(sizeof(sqlite3_int64) == 8, "a sequence number needs 64 bits");
_Static_assert(SQLITE_VERSION_NUMBER >= 3037000, "STRICT tables came with SQLite 3.37");

/// SQLite copies the bytes before this returns: they may be gone when the statement runs.
static inline int csqlite_bind_text(
    sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count
) {
    // A null address would bind NULL where an empty text is meant.
    return sqlite3_bind_text64(
        statement, index, bytes ? (const char *)bytes : "", count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/// SQLite copies the bytes before this returns: they may be gone when the statement runs.
static inline int csqlite_bind_blob(
    sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count
) {
    return sqlite3_bind_blob64(statement, index, bytes ? bytes : "", count, SQLITE_TRANSIENT);
}

/// Refuses what could damage the file through SQL, such as writing to its schema table.
static inline int csqlite_set_defensive(sqlite3 *database) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
}
