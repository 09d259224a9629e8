// SPDX-License-Identifier: Apache-2.0
//
// The client engine in the reactor, and the store as its application. The SQLite commit is the gate:
// what arrives is written into an open transaction, and answers are given when it is committed.
import ClientCore
import Journal
import MQTT
import Reactor

final class SubscriberService: Service {
    private enum Key {
        static let engine = 0
        static let batch = 1
        static let status = 2
    }

    /// An answer that waits for the commit.
    private enum Answer {
        case stored(Receipt)
        case forgotten(Receipt)
    }

    /// How long the farewell may take.
    private static let patience = Duration.seconds(2)

    /// The store is of no use any more: the line has been told.
    private(set) var hasFailed = false

    private let configuration: Configuration
    private let store: Store
    private var engine: ClientEngine
    private let loop: EventLoop
    private let journalist: Journalist
    private var connection: Int?

    /// In the open transaction.
    private var waiting: [Answer] = []
    private var outcomes: [Outcome] = []
    /// How many changes the open transaction has, and when it got the first.
    private var changes = 0
    private var openedAt = Duration.zero
    /// Something came in this turn, so that more may be on its way.
    private var hasNews = false
    /// Committed; the log and the engine have not been told yet.
    private var committed: [Answer] = []
    private var commits: [(report: CommitReport, outcomes: [Outcome], time: Duration)] = []

    private var rows = 0
    private var lastStatus = ""
    private var isStatusDue = false

    init(
        _ configuration: Configuration, _ loop: EventLoop, _ log: Log
    ) throws(StoreError) {
        self.configuration = configuration
        self.loop = loop
        journalist = Journalist(log, server: configuration.broker.description)
        store = try Store(
            path: configuration.database.path, clientID: configuration.clientID,
            now: loop.startedAt)
        let identifiers: [UInt16]
        do {
            identifiers = try store.storedIdentifiers()
        } catch {
            throw .database(error)
        }
        // The database is the memory of the session, be it empty or not.
        let session = ClientSession(
            configuration.clientOptions,
            storedIdentifiers: identifiers.compactMap(PacketID.init(rawValue:)),
            knowsSession: true)
        engine = ClientEngine(
            session, home: MemoryHome(), seed: UInt64.random(in: .min ... .max))
        loop.log = log
        loop.troubled = { [journalist] in journalist.trouble($0) }
        journalist.started(
            configuration.database.path, open: identifiers.count, client: configuration.clientID)
    }

    /// Runs from here on, whether the broker is there or not.
    func start() {
        loop.service = self
        loop.watchdog = Watchdog { true }
        engine.start()
        lastStatus = statusText
        Readiness.ready(status: lastStatus)
        act()
    }

    private var now: Instant {
        Instant(nanoseconds: loop.startedAt) + loop.now
    }

    private var exactNow: Instant {
        Instant(nanoseconds: loop.startedAt) + loop.exactNow
    }
}

extension SubscriberService {
    func opened(_ connection: Int, from peer: Peer, tag: Int) {
        self.connection = connection
        engine.opened(at: now)
    }

    func received(_ bytes: Span<UInt8>, on connection: Int) -> Int {
        engine.received(bytes, at: now, by: self)
    }

    func closed(_ connection: Int, _ reason: CloseReason) {
        self.connection = nil
        engine.closed(reason.text, at: now)
    }

    func dialFailed(tag: Int, _ error: SystemError) {
        engine.notReached(error.reason, at: now)
    }

    func deadlineReached(_ key: Int) {
        switch key {
        case Key.batch: break  // The end of the turn looks.
        case Key.status: tellStatus()
        default: engine.deadlineReached(at: now)
        }
    }

    func signalled(_ signal: Signal) {
        if signal == .hangup { return }
        if engine.isStopping { return loop.stop() }
        journalist.stopping()
        Readiness.stopping(status: "stopping")
        act()
        commit()
        answer()
        engine.stop(within: Self.patience, at: now)
    }

    func woken(_ tag: Int) {
        preconditionFailure("the subscriber has no wake-up")
    }

    func turnEnded() {
        act()
        if store.hasOpenTransaction, !hasFailed { endBatch() }
        hasNews = false
        answer()
        engine.turnEnded()
        act()
        if let connection, engine.hasWritable { loop.flush(connection) }
        let due = engine.deadline.map { $0 - Instant(nanoseconds: loop.startedAt) }
        loop.setDeadline(Key.engine, at: due)
    }

    func gather(_ connection: Int, into vectors: inout OutputVectors) {
        engine.forEachWritable { piece in
            vectors.append(piece)
            return !vectors.isFull
        }
    }

    func wrote(_ count: Int, on connection: Int) {
        engine.wrote(count)
    }

    private func act() {
        while let action = engine.nextAction() {
            switch action {
            case .dial:
                loop.dial(host: configuration.broker.host, port: configuration.broker.port, tag: 0)
            case .close(let flushing): close(flushing: flushing)
            case .taken: preconditionFailure("the subscriber publishes nothing")
            case .step(let step): journalist.step(step, at: now)
            case .tell(let note): journalist.note(note)
            case .stopped: loop.stop()
            }
        }
        owesStatus()
    }

    private func close(flushing: Bool) {
        guard let connection else { return }
        if flushing {
            loop.finish(connection)
        } else {
            loop.close(connection)
        }
    }

    private var statusText: String {
        let place =
            engine.isConnected ? "connected" : "waiting for broker \(configuration.broker)"
        return "\(place), \(rows) rows since the start"
    }

    /// The service manager is told once a second at most.
    private func owesStatus() {
        guard Readiness.isWanted, !isStatusDue, statusText != lastStatus else { return }
        isStatusDue = true
        loop.setDeadline(Key.status, at: loop.now + .seconds(1))
    }

    private func tellStatus() {
        isStatusDue = false
        guard !engine.isStopping else { return }
        lastStatus = statusText
        Readiness.status(lastStatus)
    }
}

/// Called while the engine takes a packet: everything is written down here, and answered later.
extension SubscriberService: ClientApplication {
    func arrived(_ message: IncomingMessage, in bytes: Span<UInt8>) -> Reception {
        var label: String?
        attempt { () throws(DatabaseError) in
            try makeRoom()
            noteChange()
        }
        guard !hasFailed else { return .willBeStored(label: nil) }
        do {
            let outcome = try store.receive(
                packetID: message.qos == .exactlyOnce ? message.receipt?.id.rawValue : nil,
                topic: bytes.extracting(message.topic), payload: bytes.extracting(message.payload),
                receivedAt: now.nanoseconds)
            outcomes.append(outcome)
            label = outcome.message?.description
            if let receipt = message.receipt { waiting.append(.stored(receipt)) }
        } catch {
            fail(error)
        }
        return .willBeStored(label: label)
    }

    func released(_ receipt: Receipt) {
        attempt { () throws(DatabaseError) in
            noteChange()
            // An identifier that the store does not know is forgotten already.
            _ = try store.release(packetID: receipt.id.rawValue)
            waiting.append(.forgotten(receipt))
        }
    }

    func sessionLost() {
        attempt { () throws(DatabaseError) in
            noteChange()
            let open = try store.storedIdentifiers().count
            try store.forgetSession()
            if open > 0 { journalist.sessionForgotten(open: open) }
        }
    }

    private func noteChange() {
        hasNews = true
        changes += 1
        if !store.hasOpenTransaction { openedAt = loop.now }
    }

    /// A full transaction is committed in the middle of a turn.
    private func makeRoom() throws(DatabaseError) {
        if changes >= configuration.batch.count { try commitOpen() }
    }
}

extension SubscriberService {
    /// Commits, unless more is likely to come and there is room and time for it.
    private func endBatch() {
        let isFull = changes >= configuration.batch.count
        let isLate = loop.now - openedAt >= configuration.batch.time
        if hasNews, !isFull, !isLate, !engine.isStopping {
            // Another look at the socket, at once.
            loop.setDeadline(Key.batch, at: loop.now)
        } else {
            commit()
        }
    }

    private func commit() {
        attempt { () throws(DatabaseError) in try commitOpen() }
    }

    private func commitOpen() throws(DatabaseError) {
        guard store.hasOpenTransaction else { return }
        let start = loop.exactNow
        let report = try store.commit()
        let time = loop.exactNow - start
        changes = 0
        rows += report.rows
        commits.append((report, outcomes, time))
        committed += waiting
        waiting.removeAll(keepingCapacity: true)
        outcomes.removeAll(keepingCapacity: true)
    }

    /// What is committed is told, and may be acknowledged.
    private func answer() {
        for (report, outcomes, time) in commits {
            journalist.committed(report, outcomes, in: time)
        }
        commits.removeAll()
        guard !committed.isEmpty else { return }
        let time = exactNow
        for answer in committed {
            switch answer {
            case .stored(let receipt): engine.stored(receipt, at: time)
            case .forgotten(let receipt): engine.forgotten(receipt, at: time)
            }
        }
        committed.removeAll(keepingCapacity: true)
    }

    private func attempt(_ work: () throws(DatabaseError) -> Void) {
        guard !hasFailed else { return }
        do throws(DatabaseError) {
            try work()
        } catch {
            fail(error)
        }
    }

    /// What was not committed was not acknowledged, and comes again to the next process.
    private func fail(_ error: DatabaseError) {
        hasFailed = true
        waiting.removeAll()
        journalist.databaseFailed(error)
        loop.stop()
    }
}

extension CloseReason {
    /// Nil for an end that we asked for.
    fileprivate var text: String? {
        switch self {
        case .peerClosed: "closed by the broker"
        case .failed(let error): error.reason
        case .requested: nil
        }
    }
}
