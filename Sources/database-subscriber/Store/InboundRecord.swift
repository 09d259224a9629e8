// SPDX-License-Identifier: Apache-2.0
//
// The QoS 2 receive record of one client id: the packet identifiers between PUBLISH and PUBREL, in
// the table `inbound`. Exactly once rests on its being in the rows' own transaction.

struct InboundRecord {
    private let database: Database
    private let insert: Statement
    private let select: Statement
    private let delete: Statement
    private let selectAll: Statement
    private let deleteAll: Statement

    init(_ database: Database, clientID: String) throws(DatabaseError) {
        self.database = database
        insert = try Statement(
            database,
            """
            INSERT INTO inbound (client_id, packet_id, stream, seq) VALUES (?, ?, ?, ?)
            ON CONFLICT (client_id, packet_id) DO NOTHING
            """)
        select = try Statement(
            database, "SELECT stream, seq FROM inbound WHERE client_id = ? AND packet_id = ?")
        delete = try Statement(
            database,
            "DELETE FROM inbound WHERE client_id = ? AND packet_id = ? RETURNING stream, seq")
        selectAll = try Statement(
            database, "SELECT packet_id FROM inbound WHERE client_id = ? ORDER BY packet_id")
        deleteAll = try Statement(database, "DELETE FROM inbound WHERE client_id = ?")
        for statement in [insert, select, delete, selectAll, deleteAll] {
            try statement.bind(1, clientID)
        }
    }

    /// False if the identifier was there already; then nothing is changed.
    func store(_ packetID: UInt16, _ message: MessageID?) throws(DatabaseError) -> Bool {
        try insert.bind(2, Int64(packetID))
        if let message {
            try insert.bind(3, message.stream)
            try insert.bind(4, message.seq)
        } else {
            try insert.bindNull(3)
            try insert.bindNull(4)
        }
        try insert.run()
        return database.changes == 1
    }

    /// What a stored identifier stands for; nil for a rejected message.
    func message(of packetID: UInt16) throws(DatabaseError) -> MessageID? {
        defer { select.reset() }
        try select.bind(2, Int64(packetID))
        return try select.step() ? message(in: select) : nil
    }

    func release(_ packetID: UInt16) throws(DatabaseError) -> Release {
        defer { delete.reset() }
        try delete.bind(2, Int64(packetID))
        guard try delete.step() else {
            return .unknownIdentifier
        }
        let message = message(in: delete)
        // The row counts as deleted only when the statement has run to its end.
        while try delete.step() {}
        return .released(message)
    }

    func identifiers() throws(DatabaseError) -> [UInt16] {
        defer { selectAll.reset() }
        var identifiers: [UInt16] = []
        while try selectAll.step() {
            identifiers.append(UInt16(truncatingIfNeeded: selectAll.integer(0)))
        }
        return identifiers
    }

    /// How many there were.
    func forgetAll() throws(DatabaseError) -> Int32 {
        try deleteAll.run()
        return database.changes
    }

    private func message(in statement: Statement) -> MessageID? {
        guard !statement.isNull(0) else {
            return nil
        }
        return MessageID(stream: statement.text(0), seq: statement.integer(1))
    }
}
