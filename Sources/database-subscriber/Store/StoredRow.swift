// SPDX-License-Identifier: Apache-2.0
//
// Rows of `readings` as `database-subscriber query` shows them, read beside a running subscriber.

struct StoredRow: Equatable {
    let message: MessageID
    let ts: String
    let temperature: Double
    let pressure: Double
    /// A JSON object; nil if there are no further fields.
    let fields: String?
    let topic: String
    let receivedAt: String

    /// The rows that arrived last, the oldest of them first.
    static func last(_ count: Int, in database: Database) throws(DatabaseError) -> [StoredRow] {
        let statement = try Statement(
            database,
            """
            SELECT stream, seq, ts, temperature, pressure, fields, topic, received_at
            FROM readings ORDER BY id DESC LIMIT ?
            """)
        try statement.bind(1, Int64(count))
        var rows: [StoredRow] = []
        while try statement.step() {
            rows.append(StoredRow(statement))
        }
        return rows.reversed()
    }

    private init(_ statement: Statement) {
        message = MessageID(stream: statement.text(0), seq: statement.integer(1))
        ts = statement.text(2)
        temperature = statement.double(3)
        pressure = statement.double(4)
        fields = statement.isNull(5) ? nil : statement.text(5)
        topic = statement.text(6)
        receivedAt = statement.text(7)
    }

    /// One line; the values of further fields are JSON already.
    var json: String {
        JSONText.object(
            [
                ("stream", JSONText.literal(message.stream)),
                ("seq", "\(message.seq)"),
                ("ts", JSONText.literal(ts)),
                ("temperature", "\(temperature)"),
                ("pressure", "\(pressure)"),
                ("fields", JSONText.escapingInvisible(fields ?? "{}")),
                ("topic", JSONText.literal(topic)),
                ("received_at", JSONText.literal(receivedAt)),
            ])
    }
}
