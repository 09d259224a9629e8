// SPDX-License-Identifier: Apache-2.0
//
// The tables, as `database-subscriber schema` prints them, and the guard at the door: a file is
// opened only if it is ours and not newer than we are. What is written into the tables is `Store`'s.
import CSQLite

/// A good SQLite file that this program must not write to.
enum SchemaRefusal: Error, Equatable {
    /// Another program's file.
    case foreign(path: String, applicationID: Int64)
    /// Ours, but of a later release, whose meaning we cannot know.
    case newer(path: String, version: Int64)
    /// Only reading was asked for, and nothing has been stored yet.
    case empty(path: String)
}

extension SchemaRefusal: CustomStringConvertible {
    var description: String {
        switch self {
        case .foreign(let path, let applicationID):
            "database \(path) belongs to another program (application id \(applicationID), "
                + "ours is \(Schema.applicationID)): name another file"
        case .newer(let path, let version):
            "database \(path) has schema version \(version), this program knows up to "
                + "\(Schema.version): install the release that wrote it, or name another file"
        case .empty(let path):
            "database \(path) is empty: start 'database-subscriber run' first"
        }
    }
}

enum Schema {
    /// "qos2" in the file's header; `file` shows it.
    static let applicationID: Int64 = 0x716f_7332

    /// Goes up by one with every change of the tables.
    static let version: Int64 = 1

    /// Everything that makes an empty file ours. Run in one transaction.
    static let sql = """
        -- One row for each message, in the order of arrival.
        CREATE TABLE readings (
            id          INTEGER PRIMARY KEY,
            stream      TEXT    NOT NULL,  -- who measured, for instance plc-line1
            seq         INTEGER NOT NULL,  -- counts up by one within the stream
            ts          TEXT    NOT NULL,  -- time of measuring, ISO 8601, as sent
            temperature REAL    NOT NULL,  -- degrees Celsius
            pressure    REAL    NOT NULL,  -- bar
            fields      TEXT,              -- further fields as a JSON object; NULL: none
            topic       TEXT    NOT NULL,
            payload     BLOB    NOT NULL,  -- the message as it came
            received_at TEXT    NOT NULL,  -- ISO 8601, UTC
            UNIQUE (stream, seq)
        ) STRICT;

        -- Messages that are no readings, with the reason. Nothing is thrown away.
        CREATE TABLE rejected (
            id          INTEGER PRIMARY KEY,
            client_id   TEXT    NOT NULL,
            topic       TEXT    NOT NULL,
            payload     BLOB    NOT NULL,
            reason      TEXT    NOT NULL,
            received_at TEXT    NOT NULL
        ) STRICT;

        -- What is known of each stream: missing = last_seq - first_seq + 1 - row_count.
        CREATE TABLE streams (
            stream      TEXT    PRIMARY KEY,
            first_seq   INTEGER NOT NULL,
            last_seq    INTEGER NOT NULL,
            row_count   INTEGER NOT NULL,
            gap_count   INTEGER NOT NULL, -- how often a number was skipped, filled later or not
            CHECK (first_seq <= last_seq)
        ) STRICT, WITHOUT ROWID;

        -- One row for each MQTT client id that has written here, with its counters.
        CREATE TABLE session (
            client_id             TEXT    PRIMARY KEY,
            since                 TEXT    NOT NULL,
            duplicates_suppressed INTEGER NOT NULL DEFAULT 0,  -- known by packet id: harmless
            duplicates_refused    INTEGER NOT NULL DEFAULT 0,  -- faults, by UNIQUE (stream, seq)
            identifier_conflicts  INTEGER NOT NULL DEFAULT 0,  -- faults, an open id used anew
            sessions_lost         INTEGER NOT NULL DEFAULT 0   -- the broker forgot the session
        ) STRICT, WITHOUT ROWID;

        -- The QoS 2 receive record: packet identifiers between PUBLISH and PUBREL.
        CREATE TABLE inbound (
            client_id TEXT    NOT NULL REFERENCES session,
            packet_id INTEGER NOT NULL CHECK (packet_id BETWEEN 1 AND 65535),
            stream    TEXT,     -- which message it stands for; NULL: a rejected one
            seq       INTEGER,
            PRIMARY KEY (client_id, packet_id)
        ) STRICT, WITHOUT ROWID;

        PRAGMA application_id = \(applicationID);
        PRAGMA user_version = \(version);
        """

    /// Opens the file for writing, and makes the tables if it is new. A file that is refused is left
    /// as it was, journal mode included.
    static func open(_ path: String) throws(StoreError) -> Database {
        try accepting { () throws(DatabaseError) in
            let database = try Database(path: path, .create)
            if let refusal = try refusal(of: database) {
                return .failure(refusal)
            }
            try harden(database)
            try database.execute("BEGIN IMMEDIATE")
            // Asked only now, under the lock: another process may just have made the tables.
            if try isEmpty(database) {
                try database.execute(sql)
            }
            try database.execute("COMMIT")
            return .success(database)
        }
    }

    /// Opens the file beside a program that may be writing to it.
    static func openForReading(_ path: String) throws(StoreError) -> Database {
        try accepting { () throws(DatabaseError) in
            let database = try Database(path: path, .readOnly)
            if try isEmpty(database) {
                return .failure(.empty(path: path))
            }
            let refusal = try refusal(of: database)
            return refusal.map { .failure($0) } ?? .success(database)
        }
    }

    private static func accepting(
        _ open: () throws(DatabaseError) -> Result<Database, SchemaRefusal>
    ) throws(StoreError) -> Database {
        let opened: Result<Database, SchemaRefusal>
        do {
            opened = try open()
        } catch {
            throw .database(error)
        }
        switch opened {
        case .success(let database): return database
        case .failure(let refusal): throw .refused(refusal)
        }
    }

    /// A commit must mean that the bytes are on the disk: in WAL mode that takes FULL, NORMAL would
    /// sync at checkpoints only.
    private static func harden(_ database: Database) throws(DatabaseError) {
        let mode = try database.text("PRAGMA journal_mode = WAL")
        guard mode == "wal" else {
            throw DatabaseError(
                extendedCode: SQLITE_CANTOPEN,
                message: "no write-ahead log possible here, journal mode stays '\(mode)'",
                sql: "PRAGMA journal_mode = WAL",
                path: database.path)
        }
        try database.execute(
            """
            PRAGMA synchronous = FULL;
            PRAGMA foreign_keys = ON;
            PRAGMA trusted_schema = OFF;
            PRAGMA journal_size_limit = 67108864;
            """)
    }

    private static func isEmpty(_ database: Database) throws(DatabaseError) -> Bool {
        let applicationID = try database.integer("PRAGMA application_id")
        let version = try database.integer("PRAGMA user_version")
        let objects = try database.integer("SELECT count(*) FROM sqlite_schema")
        return applicationID == 0 && version == 0 && objects == 0
    }

    private static func refusal(of database: Database) throws(DatabaseError) -> SchemaRefusal? {
        if try isEmpty(database) {
            return nil
        }
        let applicationID = try database.integer("PRAGMA application_id")
        guard applicationID == Schema.applicationID else {
            return .foreign(path: database.path, applicationID: applicationID)
        }
        let version = try database.integer("PRAGMA user_version")
        return version > Schema.version ? .newer(path: database.path, version: version) : nil
    }
}
