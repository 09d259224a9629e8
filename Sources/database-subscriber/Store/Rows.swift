// SPDX-License-Identifier: Apache-2.0
//
// The two tables that messages go to: `readings`, and `rejected` for those that are none.

struct ReadingRows {
    private let database: Database
    private let insert: Statement
    private let comparePayload: Statement

    init(_ database: Database) throws(DatabaseError) {
        self.database = database
        insert = try Statement(
            database,
            """
            INSERT INTO readings (
                stream, seq, ts, temperature, pressure, fields, topic, payload, received_at
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (stream, seq) DO NOTHING
            """)
        comparePayload = try Statement(
            database, "SELECT payload = ? FROM readings WHERE stream = ? AND seq = ?")
    }

    /// False if the stream and seq are there already; then nothing is changed.
    func insert(
        _ reading: Reading, _ arrival: Arrival, _ topic: Span<UInt8>, _ payload: Span<UInt8>
    ) throws(DatabaseError) -> Bool {
        try insert.bind(1, reading.message.stream)
        try insert.bind(2, reading.message.seq)
        try insert.bind(3, reading.ts)
        try insert.bind(4, reading.temperature)
        try insert.bind(5, reading.pressure)
        if let fields = reading.fields {
            try insert.bind(6, fields)
        } else {
            try insert.bindNull(6)
        }
        try insert.bindText(7, topic)
        try insert.bindBlob(8, payload)
        try insert.bindText(9, arrival.receivedAt.utf8.span)
        try insert.run()
        return database.changes == 1
    }

    func hasPayload(
        _ payload: Span<UInt8>, for message: MessageID
    ) throws(DatabaseError) -> Bool {
        defer { comparePayload.reset() }
        try comparePayload.bindBlob(1, payload)
        try comparePayload.bind(2, message.stream)
        try comparePayload.bind(3, message.seq)
        return try comparePayload.step() && comparePayload.integer(0) == 1
    }
}

struct RejectedRows {
    private let insert: Statement

    init(_ database: Database, clientID: String) throws(DatabaseError) {
        insert = try Statement(
            database,
            """
            INSERT INTO rejected (client_id, topic, payload, reason, received_at)
            VALUES (?, ?, ?, ?, ?)
            """)
        try insert.bind(1, clientID)
    }

    func insert(
        _ reason: String, _ arrival: Arrival, _ topic: Span<UInt8>, _ payload: Span<UInt8>
    ) throws(DatabaseError) {
        try insert.bindText(2, topic)
        try insert.bindBlob(3, payload)
        try insert.bind(4, reason)
        try insert.bindText(5, arrival.receivedAt.utf8.span)
        try insert.run()
    }
}
