// SPDX-License-Identifier: Apache-2.0
// A process of the broker: its engine with everything around it that the reactor and the service
// are in the real world. It begins with recovery and ends when the world takes it away.
import BrokerCore
import Journal
import MQTT

final class BrokerProcess: Process {
    private static let upkeepInterval = Duration.milliseconds(500)

    /// One socket, seen from the broker's side.
    private struct Socket {
        let link: Link
        var isPaused = false
        var isFinishing = false
        var wantsWrite = false
    }

    private unowned let node: Node
    private unowned let world: World
    private var store: NodeStore<Replay>?
    private(set) var engine: Engine
    private var sockets: [Socket?] = []
    private var places: [Int: Int] = [:]
    private var deadlines: [Deadline: Instant] = [:]

    init(_ node: Node, _ world: World) {
        self.node = node
        self.world = world
        // Replaced by what recovery finds.
        engine = Engine(limits: world.scenario.limits, home: MemoryHome(), seed: 0)
    }

    func start() {
        do throws(RecoveryError) {
            try recover()
        } catch {
            world.see(.notRecovered(node: node.index, error))
            node.doom = node.doom ?? .diskFailure
        }
    }

    private func recover() throws(RecoveryError) {
        var replay = Replay()
        let report = try Recovery.read(node.disk, into: &replay)
        let store = NodeStore<Replay>(
            node, world, report, state: replay.durableDescription(),
            upkeepInterval: Self.upkeepInterval, isHasty: world.bug?.hastiness ?? { _ in false })
        self.store = store
        engine = Engine(
            limits: world.scenario.limits, home: store.home,
            seed: world.random.next(), from: replay)
        engine.commitPatience = world.scenario.patience
        engine.recovered(at: world.now)
        carryOut()
        store.livingState = { [unowned self] in engine.livingState() }
        store.begin()
    }
}

extension BrokerProcess {
    func opened(_ link: Link) {
        let place = sockets.firstIndex { $0 == nil } ?? sockets.count
        if place == sockets.count { sockets.append(nil) }
        sockets[place] = Socket(link: link)
        places[link.id] = place
        engine.opened(id(place), peer: link.client.name, at: world.now)
        endOfEvent()
    }

    func notReached() { preconditionFailure("the broker dials nobody") }

    func received(_ link: Link) {
        guard let place = places[link.id] else { return }
        feed(place)
        endOfEvent()
    }

    func closed(_ link: Link) {
        guard let place = places.removeValue(forKey: link.id) else { return }
        sockets[place] = nil
        engine.closed(id(place), "connection closed by peer", at: world.now)
        endOfEvent()
    }

    func writable(_ link: Link) {
        guard places[link.id] != nil else { return }
        endOfEvent()
    }

    func turnEnded() {
        engine.storeIsFull(store?.isFull ?? false, at: world.now)
        engine.turnEnded(at: world.now)
        carryOut()
        store?.turnEnded()
    }

    func happened(_ event: Event) {
        switch event {
        case .disk: stepDisk()
        case .spare: store?.makeSpare()
        case .upkeep: store?.upkeep()
        case .deadline(let deadline, let at, _, _): reach(deadline, at)
        default: preconditionFailure("not for the broker: \(event)")
        }
    }

    private func id(_ place: Int) -> ConnectionID { ConnectionID(place: UInt32(place)) }

    private func endOfEvent() {
        carryOut()
        world.turnSoon(node)
    }

    private func stepDisk() {
        guard let number = store?.step() else { return }
        engine.committed(number, at: world.now)
        endOfEvent()
    }

    private func reach(_ deadline: Deadline, _ at: Instant) {
        guard deadlines[deadline] == at else { return }
        deadlines[deadline] = nil
        engine.deadlineReached(deadline, at: world.now)
        endOfEvent()
    }
}

extension BrokerProcess {
    private func feed(_ place: Int) {
        guard let socket = sockets[place], !socket.isPaused, !socket.isFinishing else { return }
        let link = socket.link
        let input = link.pipes[End.broker.rawValue].arrived
        let taken = engine.received(input.span, on: id(place), at: world.now)
        link.pipes[End.broker.rawValue].arrived.removeFirst(taken)
        carryOut()
    }

    private func carryOut() {
        while true {
            engine.takeWritable { sockets[$0.index]?.wantsWrite = true }
            let commands = engine.takeCommands()
            for command in commands { carryOut(command) }
            let isQuiet = writeAll()
            if commands.isEmpty, isQuiet { return }
        }
    }

    private func carryOut(_ command: Engine.Command) {
        switch command {
        case .finish(let id, _): sockets[id.index]?.isFinishing = true
        case .pauseReading(let id): sockets[id.index]?.isPaused = true
        case .resumeReading(let id):
            guard sockets[id.index] != nil else { return }
            sockets[id.index]!.isPaused = false
            feed(id.index)
        case .yieldReading(let id): feed(id.index)
        case .setDeadline(let deadline, let at):
            deadlines[deadline] = at
            guard let at else { return }
            world.schedule(
                .deadline(deadline, at: at, node: node.index, life: node.life), at: at)
        case .tell: break
        }
    }

    /// Writes what may be written. True if nothing moved.
    private func writeAll() -> Bool {
        var isQuiet = true
        for place in sockets.indices where write(place) { isQuiet = false }
        return isQuiet
    }

    private func write(_ place: Int) -> Bool {
        guard let socket = sockets[place], socket.wantsWrite || socket.isFinishing else {
            return false
        }
        let room = world.room(socket.link, from: .broker)
        guard room > 0 else { return false }
        var bytes: [UInt8] = []
        unsafe engine.gather(id(place)) { piece in
            unsafe bytes.append(contentsOf: piece.prefix(room - bytes.count))
            return bytes.count < room
        }
        guard !bytes.isEmpty else {
            sockets[place]!.wantsWrite = false
            return socket.isFinishing && finish(place)
        }
        guard node.takeEffect() else { return false }
        world.write(bytes, on: socket.link, from: .broker)
        engine.wrote(bytes.count, on: id(place), at: world.now)
        return true
    }

    private func finish(_ place: Int) -> Bool {
        guard let socket = sockets[place], node.takeEffect() else { return false }
        sockets[place] = nil
        places[socket.link.id] = nil
        world.close(socket.link, at: .broker)
        engine.closed(id(place), "closed", at: world.now)
        return true
    }
}

extension BrokerProcess: Finishing {
    /// Nothing waits for anybody, or for PUBREL: what is left is retained, or the will of a repeater,
    /// which may have been published.
    var isIdle: Bool {
        let status = engine.broker.status
        let wills = world.nodes.count { $0.repeatsItself }
        return engine.isSettled && status.queued == 0 && status.inFlight == 0
            && status.messages <= status.retained + wills
    }
}
