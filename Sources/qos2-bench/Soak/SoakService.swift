// SPDX-License-Identifier: Apache-2.0
//
// Leads a soak: strikes blow after blow while readings flow, lets everything come to rest, and asks
// for the proof. Blows follow the bytes on the wire, not the clock: a kill hits work, not idleness.
import ClientCore
import Glibc
import Reactor

final class SoakService: Service {
    private enum Key {
        static let blow = 0
        static let look = 1
        /// Plus the place of a child in `stage.all`.
        static let start = 2
    }

    private enum Phase {
        /// Broker and subscriber start: what is published before there is a subscription is nobody's.
        case subscribing
        case striking
        /// The publishers end.
        case stopping
        /// The publishers send what they hold, and end.
        case sending
        /// The subscriber gets the rest.
        case draining
        case ending
    }

    /// Why there is no proof.
    enum Trouble {
        case system(SystemError)
        /// A program ended that nobody killed.
        case fell(String, ChildProcess.End)
        /// Nothing moved, or the end took too long.
        case stuck(String)
        case input(InputError)
        case interrupted
    }

    private static let lookInterval = Duration.milliseconds(20)
    /// The subscriber's wire is silent for so long when everything is in the database.
    private static let silence = Duration.milliseconds(300)

    private let plan: SoakPlan
    private let loop: EventLoop
    private let wire: Wire
    private let stage: SoakStage
    private var random: SeededGenerator
    private var blows: [SoakPlan.Blow]

    private var phase = Phase.subscribing
    private var phaseBegan = Duration.zero
    /// Bytes that the subscriber's wire must have brought before the next blow; nil where the clock
    /// decides, or where it is being struck.
    private var blowAt: Int?
    private var movedAt = Duration.zero
    private var broughtBefore = 0
    private var countedAt = Duration.zero

    private(set) var kills: [SoakPlan.Role: Int] = [:]
    private(set) var killsOfAll = 0
    private(set) var trouble: Trouble?
    private(set) var verdict: Verdict?

    var cuts: Int { wire.cuts }
    var watch: ProtocolWatch { wire.watch }
    var elapsed: Duration { loop.now }

    init(_ plan: SoakPlan, _ loop: EventLoop) throws(SystemError) {
        self.plan = plan
        self.loop = loop
        random = SeededGenerator(seed: plan.seed)
        blows = plan.blows(using: &random)
        let brokerPort = try freePort()
        wire = try Wire(loop, brokerPort: brokerPort)
        stage = try SoakStage(plan, brokerPort: brokerPort, wire)
    }

    /// Returns when there is a verdict or trouble; no child is left.
    func run() {
        loop.service = self
        do throws(SystemError) {
            try stage.broker.start()
            try stage.subscriber.start()
            look()
            loop.run()
        } catch {
            trouble = .system(error)
        }
        stage.all.forEach { $0.kill() }
        loop.service = nil
    }

    private func give(up trouble: Trouble) {
        guard self.trouble == nil else { return }
        self.trouble = trouble
        loop.stop()
    }

    private var brought: Int { wire.brought[Wire.Side.subscriber.rawValue] }
}

extension SoakService {
    /// Now and then a blow falls by the clock, also while nothing flows: into starts and recoveries.
    private func prepareBlow() {
        guard !blows.isEmpty else { return enter(.stopping) }
        if Int.random(in: 0..<6, using: &random) == 0 {
            blowAt = nil
            let pause = Duration.microseconds(Int.random(in: 0..<100_000, using: &random))
            loop.setDeadline(Key.blow, at: loop.now + pause)
        } else {
            blowAt = brought + Int.random(in: 1..<20_000, using: &random)
        }
    }

    /// The bytes have come: strike within the next milliseconds.
    private func strikeSoon() {
        guard phase == .striking, let place = blowAt, brought >= place else { return }
        blowAt = nil
        let pause = Duration.microseconds(Int.random(in: 0..<5_000, using: &random))
        loop.setDeadline(Key.blow, at: loop.now + pause)
    }

    private func strike() {
        guard phase == .striking, let blow = blows.popLast() else { return }
        switch blow {
        case .cut:
            let bytes = Int.random(in: 0..<2_000, using: &random)
            // Without a connection there is nothing to cut: another time.
            if !wire.cut(after: bytes, using: &random) { blows.insert(.cut, at: 0) }
        case .kill(let role):
            kills[role, default: 0] += 1
            let places = places(of: role)
            killAndRestart([places.randomElement(using: &random)!])
        case .killAll:
            killsOfAll += 1
            killAndRestart(Array(stage.all.indices))
        }
        prepareBlow()
    }

    private func places(of role: SoakPlan.Role) -> Range<Int> {
        switch role {
        case .broker: 0..<1
        case .subscriber: 1..<2
        case .publisher: 2..<stage.all.count
        }
    }

    private func killAndRestart(_ places: [Int]) {
        for place in places { stage.all[place].kill() }
        for place in places {
            let isLate = Int.random(in: 0..<4, using: &random) == 0
            let pause = isLate ? Int.random(in: 0..<200_000, using: &random) : 0
            loop.setDeadline(Key.start + place, at: loop.now + .microseconds(pause))
        }
    }

    private func restart(_ child: ChildProcess) {
        guard child.pid == nil, phase == .striking else { return }
        do throws(SystemError) {
            try child.start()
        } catch {
            give(up: .system(error))
        }
    }
}

extension SoakService {
    private func enter(_ phase: Phase) {
        self.phase = phase
        phaseBegan = loop.now
        do {
            switch phase {
            case .subscribing, .draining: break
            case .striking:
                for publisher in stage.publishers { try publisher.start() }
                movedAt = loop.now
                prepareBlow()
            case .stopping:
                // Whoever was killed last and waits for its start is needed for the end.
                for child in stage.all where child.pid == nil { try child.start() }
                stage.publishers.forEach { $0.askToStop() }
            case .sending: try stage.startLastPublishers()
            case .ending:
                stage.subscriber.askToStop()
                stage.broker.askToStop()
            }
        } catch let error as SystemError {
            give(up: .system(error))
        } catch {
            give(up: .input(error as? InputError ?? InputError(description: "\(error)")))
        }
    }

    /// What has no event of its own is looked for: ends of processes, rows, silence.
    private func look() {
        loop.setDeadline(Key.look, at: loop.now + Self.lookInterval)
        if brought != broughtBefore {
            broughtBefore = brought
            movedAt = loop.now
        }
        reap()
        switch phase {
        case .subscribing:
            let log = contents(of: stage.subscriber.logFile) ?? ""
            if log.contains("subscribed") { enter(.striking) }
        case .striking:
            if loop.now - movedAt > plan.patience { give(up: .stuck("no message came through")) }
        case .stopping:
            if stage.publishers.allSatisfy({ $0.pid == nil }) { enter(.sending) }
        case .sending:
            if stage.publishers.allSatisfy({ $0.pid == nil }) { enter(.draining) }
        case .draining: lookForRest()
        case .ending:
            if stage.all.allSatisfy({ $0.pid == nil }) { prove() }
        }
        let isOver = trouble != nil || (phase == .ending && verdict != nil)
        if phase != .striking, !isOver, loop.now - phaseBegan > plan.patience + Self.silence * 2 {
            give(up: .stuck("\(phase) took longer than \(plan.patience)"))
        }
    }

    private func reap() {
        for child in stage.all {
            guard let end = child.takeEnd() else { continue }
            let isPublisher = stage.publishers.contains { $0 === child }
            let isExpected =
                switch phase {
                case .subscribing, .striking, .draining: false
                // A publisher that is stopped may leave some of its outbox for the next one, and
                // the signal may find it before it listens for it.
                case .stopping:
                    isPublisher && [.exited(0), .exited(1), .signalled(SIGTERM)].contains(end)
                case .sending: isPublisher && end == .exited(0)
                case .ending: end == .exited(0)
                }
            if !isExpected { give(up: .fell(child.name, end)) }
        }
    }

    /// Counting costs the subscriber something, so it is done only in the silence.
    private func lookForRest() {
        guard loop.now - movedAt > Self.silence, loop.now - countedAt > Self.silence else { return }
        countedAt = loop.now
        do throws(InputError) {
            let verdict = try Verification.verdict(
                ledgers: stage.ledgers, database: stage.database)
            if verdict.missing.count == 0 { return enter(.ending) }
            // As it stands, for the case that it stays so.
            if loop.now - phaseBegan > plan.patience { self.verdict = verdict }
        } catch {
            give(up: .input(error))
        }
    }

    private func prove() {
        do throws(InputError) {
            verdict = try Verification.verdict(ledgers: stage.ledgers, database: stage.database)
            loop.stop()
        } catch {
            give(up: .input(error))
        }
    }
}

extension SoakService {
    func opened(_ connection: Int, from peer: Peer, tag: Int) {
        wire.opened(connection, tag: tag)
    }

    func received(_ bytes: Span<UInt8>, on connection: Int) -> Int {
        let count = wire.received(bytes, on: connection)
        strikeSoon()
        return count
    }

    func closed(_ connection: Int, _ reason: CloseReason) { wire.closed(connection) }

    func dialFailed(tag: Int, _ error: SystemError) { wire.dialFailed(tag: tag) }

    func deadlineReached(_ key: Int) {
        switch key {
        case Key.blow: strike()
        case Key.look: look()
        default: restart(stage.all[key - Key.start])
        }
    }

    func signalled(_ signal: Signal) { give(up: .interrupted) }

    func woken(_ tag: Int) { preconditionFailure("a soak has no wake-up") }

    func turnEnded() {}

    func gather(_ connection: Int, into vectors: inout OutputVectors) {
        wire.gather(connection, into: &vectors)
    }

    func wrote(_ count: Int, on connection: Int) { wire.wrote(count, on: connection) }
}
