// SPDX-License-Identifier: Apache-2.0
// A process with a client engine: the socket, the deadlines and the turns around it. What the client
// is for is said by its heirs, the publisher and the subscriber.
import ClientCore
import Journal
import MQTT

class ClientProcess: Process, ClientApplication {
    unowned let node: Node
    unowned let world: World
    var engine: ClientEngine
    private var link: Link?
    private var isFinishing = false
    private var due: Instant?

    init(_ node: Node, _ world: World) {
        self.node = node
        self.world = world
        // Replaced at the start.
        engine = ClientEngine(
            ClientSession(Self.options(node), knowsSession: true), home: MemoryHome(), seed: 0)
    }

    static func options(_ node: Node) -> ClientOptions {
        var options = ClientOptions(clientID: ClientID(node.name), server: "broker")
        options.version = node.version
        return options
    }

    func start() {
        engine.start()
        endOfEvent()
    }

    func opened(_ link: Link) {
        self.link = link
        engine.opened(at: world.now)
        endOfEvent()
    }

    func notReached() {
        engine.notReached("connection refused", at: world.now)
        endOfEvent()
    }

    func received(_ link: Link) {
        guard self.link === link, !isFinishing else { return }
        let input = link.pipes[End.client.rawValue].arrived
        let taken = engine.received(input.span, at: world.now, by: self)
        link.pipes[End.client.rawValue].arrived.removeFirst(taken)
        endOfEvent()
    }

    func closed(_ link: Link) {
        guard self.link === link else { return }
        lose("closed by the broker")
        endOfEvent()
    }

    func writable(_ link: Link) { endOfEvent() }

    func turnEnded() {
        engine.turnEnded()
        settle()
    }

    func happened(_ event: Event) {
        guard case .wake = event else { preconditionFailure("not for a client: \(event)") }
        guard let deadline = engine.deadline, deadline <= world.now else { return settle() }
        engine.deadlineReached(at: world.now)
        endOfEvent()
    }

    // MARK: What a client is for

    func taken(_ number: MessageNumber) {}

    func told(_ note: ClientNote) {}

    func arrived(_ message: IncomingMessage, in bytes: Span<UInt8>) -> Reception { .ignored }

    func released(_ receipt: Receipt) {}

    func sessionLost() {}

    func endOfEvent() {
        settle()
        world.turnSoon(node)
    }

    /// Does and writes what may be done and written now.
    final func settle() {
        act()
        while write() { act() }
        if due != engine.deadline {
            due = engine.deadline
            if let due { world.schedule(.wake(node: node.index, life: node.life), at: due) }
        }
    }

    private func act() {
        while let action = engine.nextAction() {
            switch action {
            case .dial: if node.takeEffect() { world.dial(from: node) }
            case .close(let flushing):
                isFinishing = true
                if !flushing { hangUp() }
            case .taken(let number): taken(number)
            case .step, .stopped: break
            case .tell(let note): told(note)
            }
        }
    }

    private func write() -> Bool {
        guard let link else { return false }
        let room = world.room(link, from: .client)
        guard room > 0 else { return false }
        var bytes: [UInt8] = []
        unsafe engine.forEachWritable { piece in
            unsafe bytes.append(contentsOf: piece.prefix(room - bytes.count))
            return bytes.count < room
        }
        guard !bytes.isEmpty else {
            if isFinishing { hangUp() }
            return false
        }
        guard node.takeEffect() else { return false }
        world.write(bytes, on: link, from: .client)
        engine.wrote(bytes.count)
        return true
    }

    private func hangUp() {
        guard let link, node.takeEffect() else { return }
        world.close(link, at: .client)
        lose(nil)
        act()
    }

    private func lose(_ why: String?) {
        link = nil
        isFinishing = false
        engine.closed(why, at: world.now)
    }
}
