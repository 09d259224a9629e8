// SPDX-License-Identifier: Apache-2.0
// The engine in the reactor: the loop's callbacks become the engine's events, the engine's commands
// become calls of the loop. Nothing is decided here about MQTT.
import BrokerCore
import Journal
import MQTT
import Reactor

final class BrokerService: Service {
    /// Deadlines of the service itself come before those of connections and sessions.
    private enum Key {
        static let status = 0
        static let drops = 1
        static let share = 2
        static let shutdown = 3
        static let commit = 4
        static let retained = 5
        static let sys = 6
        static let leftBehind = 7
        static let welcome = 8
        static let first = 9

        static func of(_ deadline: Deadline) -> Int {
            switch deadline {
            case .commit: commit
            case .retained: retained
            case .sys: sys
            case .leftBehind: leftBehind
            case .welcome: welcome
            case .connection(let id): first + 2 * Int(id.place)
            case .session(let id): first + 2 * Int(id.place) + 1
            }
        }

        static func deadline(_ key: Int) -> Deadline {
            if key == commit { return .commit }
            if key == retained { return .retained }
            if key == sys { return .sys }
            if key == leftBehind { return .leftBehind }
            if key == welcome { return .welcome }
            let place = UInt32((key - first) / 2)
            return (key - first) % 2 == 0
                ? .connection(ConnectionID(place: place)) : .session(SessionID(place: place))
        }
    }

    private static let statusInterval = Duration.milliseconds(500)
    private static let dropsInterval = Duration.seconds(60)
    private static let shareInterval = Duration.seconds(10)
    /// How long clients have to take their last packets when the broker stops.
    private static let shutdownLimit = Duration.seconds(3)
    /// How long facts that wait for others may wait for them.
    private static let answerPatience = Duration.microseconds(100)
    private static let needPatience = Duration.milliseconds(20)
    /// A sync that takes longer hangs.
    private static let syncLimit = Duration.seconds(5)

    /// Reads the configuration again, and what is to be said about it.
    var reload: () throws(ConfigurationErrors) -> (Configuration, [SettingsError]) = {
        (Configuration(), [])
    }

    var configuration: Configuration
    /// As they were opened, with the settings that are in force for them.
    var listeners: [Configuration.Listener] {
        didSet { terms = listeners.map(\.terms) }
    }
    /// What their clients find.
    private var terms: [Terms]
    var engine: Engine
    let loop: EventLoop
    let log: Log
    let journalist: Journalist
    private let store: Store
    private var lastStatus = ""
    /// Lines of the log for those who have subscribed to it, of this turn.
    var linesForTopics: [LogLine] = []
    /// Told until a reload succeeds.
    var reloadHasFailed = false
    /// Why the broker had to end, if it had to.
    private(set) var failure: DiskError?
    private var connections = 0
    private var isStopping = false

    /// `replay` is what the store held; `seed` was drawn at random.
    init(
        _ configuration: Configuration, _ loop: EventLoop, _ log: Log, _ store: Store,
        _ replay: consuming Replay, seed: UInt64
    ) {
        self.configuration = configuration
        listeners = configuration.listeners
        terms = listeners.map(\.terms)
        self.loop = loop
        self.log = log
        self.store = store
        journalist = Journalist(log)
        engine = Engine(
            limits: configuration.limits, home: store.home, seed: seed, from: replay)
        loop.log = log
        loop.troubled = { [journalist] in journalist.trouble($0) }
        apply(configuration)
    }

    /// Listens, then tells the service manager that clients may come.
    func start() throws(SystemError) {
        loop.service = self
        // A stuck disk is a stuck broker: the service manager is not fed while a sync hangs.
        loop.watchdog = Watchdog { [store] in !store.isStuck(for: Self.syncLimit) }
        engine.recovered(at: now)
        carryOut()
        for (tag, listener) in listeners.enumerated() {
            try loop.listen(
                on: listener.address, listener.scope, tag: tag,
                connectionsMax: listener.connectionsMax)
            journalist.listening(on: listener.address.description)
        }
        store.livingState = LivingStateSource(
            size: { [unowned self] in engine.stateSize },
            isSmall: { [unowned self] in engine.stateIsSmall },
            records: { [unowned self] in engine.livingState() })
        if !store.isDurable { journalist.notDurable() }
        if configuration.admitsNobody { journalist.admitsNobody() }
        Readiness.ready(status: statusText)
        lastStatus = statusText
        for (key, interval) in [
            (Key.status, Self.statusInterval), (Key.drops, Self.dropsInterval),
            (Key.share, Self.shareInterval),
        ] {
            loop.setDeadline(key, at: loop.now + interval)
        }
    }

    var now: Instant {
        Instant(nanoseconds: loop.startedAt + loop.nowNanoseconds)
    }

    private var exactNow: Instant {
        Instant(nanoseconds: loop.startedAt) + loop.exactNow
    }
}

extension BrokerService {
    func opened(_ connection: Int, from peer: Peer, tag: Int) {
        connections += 1
        engine.opened(
            id(connection), peer: peer.description, terms[tag], at: now)
        carryOut()
        if isStopping { loop.close(connection) }
    }

    func received(_ bytes: Span<UInt8>, on connection: Int) -> Int {
        let taken = engine.received(bytes, on: id(connection), at: now)
        carryOut()
        return taken
    }

    func sizeToKeep(_ front: Span<UInt8>, on connection: Int) -> Int? {
        engine.sizeToKeep(front, on: id(connection))
    }

    func receivedWhole(
        _ packet: UnsafeMutableRawBufferPointer, on connection: Int
    ) -> WholePacket {
        let (isTaken, isKept) = unsafe engine.receivedWhole(packet, on: id(connection), at: now)
        carryOut()
        return isKept ? .kept : isTaken ? .consumed : .left
    }

    func closed(_ connection: Int, _ reason: CloseReason) {
        connections -= 1
        engine.closed(id(connection), reason.text, at: now)
        carryOut()
        stopIfDone()
    }

    func dialFailed(tag: Int, _ error: SystemError) {
        preconditionFailure("the broker dials nobody")
    }

    /// A batch has become durable, or has failed: then nobody knows what the disk holds, and only a
    /// new start, which reads it, can tell.
    func woken(_ tag: Int) {
        do throws(DiskError) {
            guard let number = try store.takeCommitted() else { return }
            committed(number)
        } catch {
            fail(error)
        }
    }

    private func committed(_ number: UInt64) {
        engine.committed(number, at: now)
        setCommitPatience()
        carryOut()
    }

    private func fail(_ error: DiskError) {
        failure = error
        loop.stop()
    }

    func deadlineReached(_ key: Int) {
        switch key {
        case Key.status:
            tellStatus()
            loop.setDeadline(key, at: loop.now + Self.statusInterval)
        case Key.drops:
            journalist.tellDrops()
            loop.setDeadline(key, at: loop.now + Self.dropsInterval)
        case Key.share:
            let (seen, shown) = engine.takeShare()
            journalist.share(seen: seen, shown: shown, in: Self.shareInterval)
            loop.setDeadline(key, at: loop.now + Self.shareInterval)
        case Key.shutdown:
            loop.stop()
        case Key.sys:
            engine.heapBytes = heapBytes()
            engine.worstTurn = loop.statistics.worstTurn
            engine.deadlineReached(.sys, at: now)
            carryOut()
        default:
            engine.deadlineReached(Key.deadline(key), at: now)
            carryOut()
        }
    }

    func signalled(_ signal: Signal) {
        switch signal {
        case .hangup: reloadConfiguration()
        case .terminate, .interrupt: shutDown()
        }
    }

    func turnEnded() {
        engine.storeIsFull(store.isFull, at: now)
        if !linesForTopics.isEmpty { tellLinesForTopics() }
        engine.turnEnded(at: now)
        carryOut()
        if store.hasToSettle { settle() }
        stopIfDone()
        if engine.hasSteps { tellSteps() }
    }

    private func tellSteps() {
        for step in engine.takeSteps(at: exactNow) {
            journalist.step(step)
        }
    }

    /// The turn's facts become durable here and now, if that stops nobody who does not wait for it.
    private func settle() {
        do throws(DiskError) {
            while let number = try store.settle(
                waiting: engine.allWaitForDisk && loop.isIdle)
            {
                loop.readClock()
                committed(number)
                engine.turnEnded(at: now)
                carryOut()
            }
        } catch {
            fail(error)
        }
    }

    func gather(_ connection: Int, into vectors: inout OutputVectors) {
        engine.gather(id(connection)) { piece in
            vectors.append(piece)
            return !vectors.isFull
        }
    }

    func wrote(_ count: Int, on connection: Int) {
        engine.wrote(count, on: id(connection), at: now)
        carryOut()
    }

    private func id(_ connection: Int) -> ConnectionID {
        ConnectionID(place: UInt32(connection))
    }

    @inline(__always)
    func carryOut() {
        if engine.hasOrders { carryOutOrders() }
    }

    @inline(never)
    private func carryOutOrders() {
        engine.takeWritable { loop.flush($0.index) }
        guard engine.hasCommands else { return }
        for command in engine.takeCommands() {
            switch command {
            case .finish(let id, let peerIsDone):
                loop.finish(id.index, peerIsDone: peerIsDone)
            case .pauseReading(let id): loop.pauseReading(id.index)
            case .resumeReading(let id): loop.resumeReading(id.index)
            case .yieldReading(let id): loop.yieldReading(id.index)
            case .setDeadline(let deadline, let at): setDeadline(deadline, at)
            case .tell(let note): journalist.note(note)
            }
        }
    }

    private func setDeadline(_ deadline: Deadline, _ at: Instant?) {
        let time = at.map { $0 - Instant(nanoseconds: loop.startedAt) }
        loop.setDeadline(Key.of(deadline), at: time)
    }

    /// A part of what a sync takes is well spent on having one less.
    private func setCommitPatience() {
        guard let sync = store.lastSync else { return }
        engine.commitPatience.forAnswers = min(sync / 2, Self.answerPatience)
        engine.commitPatience.forNeed = Self.needPatience
    }
}

extension BrokerService {
    /// Why publishes have to wait or are refused, if they are.
    private var fullness: String? {
        if store.waitsForSpace { return "disk full: waiting for space" }
        if engine.broker.storeIsFull { return "disk full: refusing publishes" }
        return engine.broker.memoryIsFull ? "memory limit reached: refusing publishes" : nil
    }

    var statusText: String {
        (reloadHasFailed ? "reload failed, the old configuration is in force; " : "") + serviceText
    }

    private var serviceText: String {
        let status = engine.broker.status
        if let fullness { return fullness }
        let plural = status.connections == 1 ? "" : "s"
        let sync = store.lastSync.map { "last sync \($0.logText)" } ?? "journal in memory"
        return "serving \(status.connections) client\(plural), \(status.queued) queued, \(sync)"
    }

    private func tellStatus() {
        maintainStore()
        journalist.isFull(fullness)
        let text = statusText
        guard text != lastStatus, !isStopping else { return }
        lastStatus = text
        Readiness.status(text)
    }

    private func maintainStore() {
        do throws(SystemError) {
            if let outcome = try store.maintain() { journalist.checkpoint(outcome) }
        } catch {
            journalist.trouble(error)
        }
    }

    /// Clients are told and given some time to hear it. A second signal ends at once.
    private func shutDown() {
        if isStopping {
            loop.stop()
            return
        }
        isStopping = true
        Readiness.stopping(status: "stopping")
        journalist.stopping(connections: connections)
        for tag in listeners.indices {
            loop.stopListening(tag: tag)
        }
        engine.shutDown(at: now)
        carryOut()
        loop.setDeadline(Key.shutdown, at: loop.now + Self.shutdownLimit)
    }

    /// The last client is gone, and what its going meant is on disk.
    private func stopIfDone() {
        if isStopping, connections == 0, engine.isSettled { loop.stop() }
    }
}

extension CloseReason {
    fileprivate var text: String {
        switch self {
        case .peerClosed: "connection closed by peer"
        case .failed(let error): error.reason
        case .requested: "closed"
        }
    }
}
