// SPDX-License-Identifier: Apache-2.0
//
// The client engine in the reactor, and the clock that asks for readings. Nothing is decided here
// about MQTT.
import ClientCore
import Journal
import MQTT
import Reactor

final class PublisherService: Service {
    private enum Key {
        static let engine = 0
        static let sample = 1
        static let status = 2
    }

    /// How long open readings may take to be delivered when the program is asked to stop.
    private static let patience = Duration.seconds(5)
    /// A clock that is further behind than this does not catch up.
    private static let lagMax = Duration.seconds(1)

    /// Readings that were given up, or of which nobody knows.
    private(set) var lost = 0

    private let configuration: Configuration
    private var engine: ClientEngine
    private var source: Source
    private let loop: EventLoop
    private let journalist: Journalist
    private var connection: Int?

    private var seq: Int64 = 1
    private let step: Duration
    private var nextSample = Duration.zero
    /// The clock stands still because the outbox is full.
    private var isHeld = false
    /// Enqueued, but not yet in the outbox for good; oldest first.
    private var taking: [(seq: Int64, reading: Reading)] = []
    /// PUBREL for messages that nobody here wants.
    private var toForget: [Receipt] = []
    private var lastStatus = ""
    private var isStatusDue = false

    init(_ configuration: Configuration, _ source: Source, _ loop: EventLoop, _ log: Log) {
        self.configuration = configuration
        self.source = source
        self.loop = loop
        journalist = Journalist(log, server: configuration.broker.description)
        step =
            source.isRecorded
            ? .nanoseconds(1_000_000_000 / configuration.replayRate) : configuration.interval
        var options = configuration.clientOptions
        // A recording can wait, so that none of it need be dropped.
        if source.isRecorded { options.outboxOverflow = .refuse }
        // The outbox is in memory: this process knows of no session before it.
        let session = ClientSession(options, knowsSession: false)
        engine = ClientEngine(
            session, home: MemoryHome(), seed: UInt64.random(in: .min ... .max))
        loop.log = log
        loop.troubled = { [journalist] in journalist.trouble($0) }
    }

    /// Runs from here on, whether the broker is there or not.
    func start() {
        loop.service = self
        loop.watchdog = Watchdog { true }
        journalist.started(stream: configuration.stream, remaining: source.remaining)
        engine.start()
        loop.setDeadline(Key.sample, at: loop.now)
        lastStatus = statusText
        Readiness.ready(status: lastStatus)
        act()
    }

    private var now: Instant {
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
        default: engine.deadlineReached(at: now)
        }
    }

    func signalled(_ signal: Signal) {
        if signal == .hangup { return }
        if engine.isStopping { return loop.stop() }
        journalist.stopping(outbox: engine.session.outbox.count)
        stop()
    }

    func woken(_ tag: Int) {
        preconditionFailure("the publisher has no wake-up")
    }

    func turnEnded() {
        for receipt in toForget {
            engine.forgotten(receipt, at: now)
        }
        toForget.removeAll()
        if isHeld, engine.session.takesMessages, !engine.isStopping {
            isHeld = false
            if !source.isRecorded { journalist.samplingResumed() }
            sample()
        }
        engine.turnEnded()
        act()
        if source.remaining == 0, engine.session.outbox.isEmpty, !engine.isStopping {
            journalist.finished(last: seq - 1)
            stop()
        }
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
            case .taken: tellSample()
            case .step(let step): journalist.step(step, at: now)
            case .tell(let note): tell(note)
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

    private func tell(_ note: ClientNote) {
        switch note {
        case .dropped: lost += 1
        case .sessionLost(_, let inDoubt): lost += inDoubt.count
        case .abandoned(let count): lost += source.remaining == nil ? 0 : count
        default: break
        }
        journalist.note(note)
    }

    private func stop() {
        Readiness.stopping(status: "stopping, outbox \(engine.session.outbox.count)")
        loop.setDeadline(Key.sample, at: nil)
        engine.stop(within: Self.patience, at: now)
    }
}

extension PublisherService {
    /// Takes all readings that are due.
    private func sample() {
        if loop.now - nextSample > Self.lagMax { nextSample = loop.now }
        while nextSample <= loop.now, source.remaining != 0 {
            guard engine.session.takesMessages else { return hold() }
            takeReading()
            nextSample += step
        }
        if source.remaining != 0 { loop.setDeadline(Key.sample, at: nextSample) }
    }

    private func takeReading() {
        do throws(RecordingError) {
            guard let reading = try source.next(at: now) else { return }
            taking.append((seq, reading))
            let message = reading.message(
                topic: configuration.topic, stream: configuration.stream, seq: seq)
            guard engine.enqueue(message, at: now) != nil else {
                preconditionFailure("the outbox had room")
            }
            seq += 1
        } catch {
            preconditionFailure("\(error): the file was checked at the start")
        }
    }

    /// Nothing is sampled until a reading is delivered: what is not taken cannot be lost.
    private func hold() {
        isHeld = true
        if !source.isRecorded { journalist.samplingStopped(outbox: engine.session.outbox.count) }
    }

    private func tellSample() {
        let (seq, reading) = taking.removeFirst()
        journalist.sample(
            seq, reading, stream: configuration.stream, outbox: engine.session.outbox.count)
    }

    private var statusText: String {
        let place =
            engine.isConnected ? "connected" : "waiting for broker \(configuration.broker)"
        return "\(place), outbox \(engine.session.outbox.count)"
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
