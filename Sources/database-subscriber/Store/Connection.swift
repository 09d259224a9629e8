// SPDX-License-Identifier: Apache-2.0
//
// The open file with its prepared statements, and what one PUBLISH does to the tables. Counts nothing
// and handles no failure: `Store` does both.

/// Lives from opening to the first failure.
final class Connection {
    let inbound: InboundRecord
    let session: SessionRecord
    private var streams: StreamLedger
    private let readings: ReadingRows
    private let rejected: RejectedRows

    let database: Database
    private let beginStatement: Statement
    private let commitStatement: Statement

    init(_ database: Database, clientID: String) throws(DatabaseError) {
        self.database = database
        inbound = try InboundRecord(database, clientID: clientID)
        session = try SessionRecord(database, clientID: clientID)
        streams = try StreamLedger(database)
        readings = try ReadingRows(database)
        rejected = try RejectedRows(database, clientID: clientID)
        // IMMEDIATE: takes the one write lock now, where waiting for it can be told from failing.
        beginStatement = try Statement(database, "BEGIN IMMEDIATE")
        commitStatement = try Statement(database, "COMMIT")
    }

    var isInTransaction: Bool {
        !database.isAutocommit
    }

    func begin() throws(DatabaseError) {
        if !isInTransaction {
            try beginStatement.run()
        }
    }

    func commit() throws(DatabaseError) {
        guard isInTransaction else {
            return
        }
        try streams.flush()
        try session.flush()
        try commitStatement.run()
    }

    /// Leaves no half transaction behind. Its own failure changes nothing: closing the file, or
    /// opening it next time, discards what was not committed.
    func rollBack() {
        if isInTransaction {
            try? database.execute("ROLLBACK")
        }
    }

    /// First the identifier, then the row: a repeat is known before its payload matters.
    func receive(
        _ packetID: UInt16?, _ arrival: Arrival, _ topic: Span<UInt8>, _ payload: Span<UInt8>
    ) throws(DatabaseError) -> Outcome {
        if let packetID, try !inbound.store(packetID, arrival.message) {
            return try repeated(packetID, arrival, topic, payload)
        }
        switch arrival.reading {
        case .failure(let error):
            try rejected.insert(error.description, arrival, topic, payload)
            return .rejected(error)
        case .success(let reading):
            let message = reading.message
            guard try readings.insert(reading, arrival, topic, payload) else {
                return try refused(message, packetID, arrival, topic, payload)
            }
            return .stored(message, try streams.add(message))
        }
    }

    /// The identifier is recorded already.
    private func repeated(
        _ packetID: UInt16, _ arrival: Arrival, _ topic: Span<UInt8>, _ payload: Span<UInt8>
    ) throws(DatabaseError) -> Outcome {
        let recorded = try inbound.message(of: packetID)
        if recorded == arrival.message {
            session.duplicatesSuppressed += 1
            return .repeated(recorded)
        }
        session.identifierConflicts += 1
        let reason = "packet identifier \(packetID) still stands for \(text(recorded))"
        try rejected.insert(reason, arrival, topic, payload)
        return .identifierConflict(recorded: recorded, arrived: arrival.message)
    }

    /// The key of `readings` did not let the row in.
    private func refused(
        _ message: MessageID, _ packetID: UInt16?,
        _ arrival: Arrival, _ topic: Span<UInt8>, _ payload: Span<UInt8>
    ) throws(DatabaseError) -> Outcome {
        let isSame = try readings.hasPayload(payload, for: message)
        if packetID == nil && isSame {
            // QoS 1 may repeat itself; that is no fault. [MQTT-4.3.2-5]
            session.duplicatesSuppressed += 1
            return .repeated(message)
        }
        session.duplicatesRefused += 1
        if !isSame {
            let reason = "\(message) is stored already, with another payload"
            try rejected.insert(reason, arrival, topic, payload)
        }
        return .duplicateRow(message, samePayload: isSame)
    }

    private func text(_ message: MessageID?) -> String {
        message.map(\.description) ?? "a message that was rejected"
    }
}
