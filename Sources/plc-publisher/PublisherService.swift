// SPDX-License-Identifier: Apache-2.0
//
// The client engine in the reactor, and what is to be done for its outbox. When readings are taken
// is in PublisherService+Sampling. Nothing is decided here about MQTT.
import ClientCore
import Journal
import MQTT
import Reactor

final class PublisherService: Service {
    enum Key {
        static let engine = 0
        static let sample = 1
        static let status = 2
        static let store = 3
        static let end = 4
    }

    /// How long open readings may take to be delivered when the program is asked to stop.
    private static let patience = Duration.seconds(5)
    private static let storeInterval = Duration.milliseconds(500)
    /// A sync that takes longer hangs.
    private static let syncLimit = Duration.seconds(5)

    /// Readings that were given up, or of which nobody knows.
    private(set) var lost = 0
    /// Why the publisher had to end, if it had to.
    var failure: (any Error)?

    let configuration: Configuration
    var engine: ClientEngine
    var source: Source
    let loop: EventLoop
    let journalist: Journalist
    private let store: Store
    private let damage: OutboxFact?
    private var connection: Int?

    let ledger: Ledger?
    /// Time between two readings.
    let step: Duration
    var nextSample = Duration.zero
    /// Why the clock stands still, if it does.
    var hold: Hold?
    /// When a full outbox was told of, and how often it was full since.
    var fullTold: (at: Duration, more: Int)?
    /// A reading that the ledger had no room for.
    var unwritten: Reading?
    /// It is tried again now and then.
    var ledgerIsFull = false
    /// Enqueued, but not yet in the outbox for good; oldest first.
    private var taking: [(seq: Int64, reading: Reading)] = []
    /// How many of them are in the outbox for good.
    private var taken = 0
    /// PUBREL for messages that nobody here wants.
    private var toForget: [Receipt] = []
    private var lastStatus = ""
    private var isStatusDue = false
    /// All was said; what is on its way to the disk is waited for.
    private var hasStopped = false

    init(
        _ configuration: Configuration, _ source: Source, _ loop: EventLoop, _ log: Log,
        _ recovered: consuming RecoveredOutbox, _ store: Store, _ ledger: Ledger?
    ) {
        self.configuration = configuration
        self.source = source
        self.loop = loop
        self.store = store
        damage = recovered.damage
        self.ledger = ledger
        journalist = Journalist(log, server: configuration.broker.description)
        step =
            source.isRecorded
            ? .nanoseconds(1_000_000_000 / configuration.replayRate) : configuration.interval
        var options = configuration.clientOptions
        // A recording can wait, so that none of it need be dropped.
        if source.isRecorded { options.outboxOverflow = .refuse }
        let knowsSession = recovered.outbox.knowsSession
        let session = ClientSession(
            options, outbox: recovered.outbox, knowsSession: knowsSession)
        engine = ClientEngine(
            session, home: store.home, seed: UInt64.random(in: .min ... .max))
        loop.log = log
        loop.troubled = { [journalist] in journalist.trouble($0) }
    }

    /// Runs from here on, whether the broker is there or not. `note` is what the outbox has to
    /// remember of what begins now.
    func start(note: [UInt8]) {
        loop.service = self
        // A stuck disk is a stuck publisher: the service manager is not fed while a sync hangs.
        loop.watchdog = Watchdog { [store] in !store.isStuck(for: Self.syncLimit) }
        journalist.started(
            stream: configuration.stream, remaining: source.remaining, from: nextSeq)
        if let damage { engine.keep(damage) }
        if note != engine.session.outbox.note { engine.note(note) }
        engine.start()
        // Reading the outbox took its time: nothing of that is to be caught up with.
        nextSample = loop.exactNow
        loop.setDeadline(Key.sample, at: nextSample)
        loop.setDeadline(Key.store, at: loop.now)
        lastStatus = statusText
        Readiness.ready(status: lastStatus)
        act()
    }

    var now: Instant {
        Instant(nanoseconds: loop.startedAt) + loop.now
    }
}

extension PublisherService {
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
        case Key.sample: sample()
        case Key.status: tellStatus()
        case Key.store: maintainStore()
        case Key.end: loop.stop()
        default: engine.deadlineReached(at: now)
        }
    }

    func signalled(_ signal: Signal) {
        if signal == .hangup { return }
        if engine.isStopping { return loop.stop() }
        journalist.stopping(outbox: engine.session.outbox.count)
        stop()
    }

    /// A batch has become durable, or has failed: then nobody knows what the disk holds, and only a
    /// new start, which reads it, can tell.
    func woken(_ tag: Int) {
        do throws(DiskError) {
            if let number = try store.takeCommitted() { engine.committed(number) }
        } catch {
            fail(error)
        }
    }

    func turnEnded() {
        for receipt in toForget {
            engine.forgotten(receipt, at: now)
        }
        toForget.removeAll()
        if hold != nil, holdReason == nil, !engine.isStopping { sample() }
        engine.turnEnded()
        settle()
        act()
        if isDelivered, !engine.isStopping {
            journalist.finished(last: nextSeq - 1)
            stop()
        }
        act()
        if let connection, engine.hasWritable { loop.flush(connection) }
        let due = engine.deadline.map { $0 - Instant(nanoseconds: loop.startedAt) }
        loop.setDeadline(Key.engine, at: due)
        if hasStopped, engine.isSettled { loop.stop() }
    }

    /// Nobody else is on this loop whom a sync could stop.
    private func settle() {
        do throws(DiskError) {
            guard let number = try store.settle(waiting: loop.isIdle) else { return }
            loop.readClock()
            engine.committed(number)
        } catch {
            fail(error)
        }
    }

    /// There was an end, and it is reached.
    private var isDelivered: Bool {
        source.remaining == 0 && unwritten == nil && engine.session.outbox.isEmpty
    }

    func fail(_ error: any Error) {
        failure = failure ?? error
        loop.stop()
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
            case .taken: tellSample()
            case .step(let step): journalist.step(step, at: now)
            case .tell(let note): tell(note)
            case .stopped: end()
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

    private func tell(_ note: ClientNote) {
        switch note {
        case .dropped: lost += 1
        case .sessionLost(_, let inDoubt): lost += inDoubt.count
        case .abandoned(let count): lost += source.remaining == nil ? 0 : count
        default: break
        }
        journalist.note(note)
    }

    /// What is on its way to the disk is waited for, but not for ever: it costs a repeat at most.
    private func end() {
        hasStopped = true
        loop.setDeadline(Key.end, at: loop.now + Self.patience)
    }

    private func stop() {
        Readiness.stopping(status: "stopping, outbox \(engine.session.outbox.count)")
        loop.setDeadline(Key.sample, at: nil)
        engine.stop(within: Self.patience, at: now)
    }
}

extension PublisherService {
    /// The number of the next reading: readings are numbered as the outbox numbers its messages,
    /// so that no number is used twice or left out, in whatever process.
    var nextSeq: Int64 { Int64(engine.session.outbox.nextNumber.rawValue) }

    func willTake(_ seq: Int64, _ reading: Reading) {
        taking.append((seq, reading))
    }

    private func tellSample() {
        let (seq, reading) = taking[taken]
        taken += 1
        if taken == taking.count {
            taking.removeAll(keepingCapacity: true)
            taken = 0
        }
        journalist.sample(
            seq, reading, stream: configuration.stream, outbox: engine.session.outbox.count)
    }

    var storeIsFull: Bool { store.isFull }

    private func maintainStore() {
        loop.setDeadline(Key.store, at: loop.now + Self.storeInterval)
        ledgerIsFull = false
        do throws(SystemError) {
            if let outcome = try store.maintain() { journalist.checkpoint(outcome) }
        } catch {
            journalist.trouble(error)
        }
    }

    private var statusText: String {
        let outbox = "outbox \(engine.session.outbox.count)"
        if hold == .diskFull { return "disk full: not sampling, \(outbox)" }
        let place =
            engine.isConnected ? "connected" : "waiting for broker \(configuration.broker)"
        return "\(place), \(outbox)"
    }

    /// The service manager is told now and then, at another moment than that of a sample.
    private func owesStatus() {
        guard Readiness.isWanted, !isStatusDue, statusText != lastStatus else { return }
        isStatusDue = true
        loop.setDeadline(Key.status, at: loop.now + .milliseconds(1_500))
    }

    private func tellStatus() {
        isStatusDue = false
        guard !engine.isStopping else { return }
        lastStatus = statusText
        Readiness.status(lastStatus)
    }
}

/// The publisher subscribes to nothing. What an old session of the same name still brings is
/// acknowledged, so that it does not come again.
extension PublisherService: ClientApplication {
    func arrived(_ message: IncomingMessage, in bytes: Span<UInt8>) -> Reception { .ignored }

    func released(_ receipt: Receipt) { toForget.append(receipt) }

    func sessionLost() {}
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
