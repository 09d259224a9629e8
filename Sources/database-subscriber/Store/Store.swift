// SPDX-License-Identifier: Apache-2.0
//
// The subscriber's memory: rows and the QoS 2 receive record in one file and one transaction. The
// loop calls `receive` and `release` while it reads, `commit` once at the end of the turn, and only
// then lets PUBREC and PUBCOMP leave. Says what happened; what to log and send is decided above.

///     unknown ──PUBLISH──► row and identifier ──PUBREL──► unknown
///                              │    ▲
///                              └────┘ PUBLISH again: nothing is added
///
/// Owned by one thread. After an error has been thrown, nothing of the open transaction is stored,
/// the file is closed and the store must not be used again: the program says the line and exits, and
/// what was not acknowledged comes once more.
final class Store {
    let clientID: String

    private let path: String
    /// Nil after a failure.
    private(set) var connection: Connection?
    private var report = CommitReport()

    /// `now`: nanoseconds since 1970, as in all that follows.
    init(path: String, clientID: String, now: Int64) throws(StoreError) {
        self.path = path
        self.clientID = clientID
        let database = try Schema.open(path)
        do {
            let connection = try Connection(database, clientID: clientID)
            try connection.begin()
            try connection.session.enter(at: now)
            try connection.commit()
            self.connection = connection
        } catch {
            throw .database(error)
        }
    }

    /// The identifiers that were received and not released when the file was last written. The
    /// receiving flow starts with them.
    func storedIdentifiers() throws(DatabaseError) -> [UInt16] {
        try attempt { connection throws(DatabaseError) in
            try connection.inbound.identifiers()
        }
    }

    /// A PUBLISH has arrived. Without a packet identifier (QoS 0 and 1) there is no receive record,
    /// and the key of the table alone suppresses a repeat.
    func receive(
        packetID: UInt16?, topic: Span<UInt8>, payload: Span<UInt8>, receivedAt: Int64
    ) throws(DatabaseError) -> Outcome {
        // Not by `attempt`: a closure cannot take a span with it.
        let connection = open()
        do {
            try connection.begin()
            let arrival = Arrival(payload: payload, receivedAt: receivedAt)
            let outcome = try connection.receive(packetID, arrival, topic, payload)
            report.count(outcome)
            return outcome
        } catch {
            abandon(connection)
            throw error
        }
    }

    /// A PUBREL has arrived: the identifier is free for another message. [MQTT-4.3.3-12]
    func release(packetID: UInt16) throws(DatabaseError) -> Release {
        try attempt { connection throws(DatabaseError) in
            try connection.begin()
            let release = try connection.inbound.release(packetID)
            if release != .unknownIdentifier {
                report.released += 1
            }
            return release
        }
    }

    /// The broker has no session for us (Session Present 0): what it sends from now on is new,
    /// whatever its identifier. Durable with the next commit. [MQTT-3.2.2-5]
    func forgetSession() throws(DatabaseError) {
        try attempt { connection throws(DatabaseError) in
            try connection.begin()
            if try connection.inbound.forgetAll() > 0 {
                connection.session.sessionsLost += 1
            }
        }
    }

    /// Makes the turn durable. When it returns, the bytes are on the disk and the answers may leave.
    /// A turn that has changed nothing costs nothing.
    func commit() throws(DatabaseError) -> CommitReport {
        try attempt { connection throws(DatabaseError) in
            try connection.commit()
        }
        defer { report = CommitReport() }
        return report
    }

    /// True from the first change of a turn to its commit.
    var hasOpenTransaction: Bool {
        connection?.isInTransaction ?? false
    }

    private func open() -> Connection {
        guard let connection else {
            preconditionFailure("the store of \(path) was used after it had failed")
        }
        return connection
    }

    private func attempt<Answer>(
        _ body: (Connection) throws(DatabaseError) -> Answer
    ) throws(DatabaseError) -> Answer {
        let connection = open()
        do {
            return try body(connection)
        } catch {
            abandon(connection)
            throw error
        }
    }

    private func abandon(_ connection: Connection) {
        connection.rollBack()
        self.connection = nil
        report = CommitReport()
    }
}
