// SPDX-License-Identifier: Apache-2.0
// One broker and its clients under a virtual clock. A seed decides everything that happens; what can
// be seen of it is shown to the checkers, and the first that objects ends the world.
import ClientCore
import MQTT

final class World {
    static let beginning = Instant(nanoseconds: 1_700_000_000_000_000_000)
    /// How long everything may take to arrive when misfortunes have ended.
    static let patience = Duration.seconds(600)

    struct Failure {
        let checker: String
        let what: String
    }

    let seed: UInt64
    let scenario: Scenario
    let bug: PlantedBug?
    var random: SeededGenerator
    private(set) var now = World.beginning
    private var queue = EventQueue()
    private(set) var nodes: [Node] = []
    /// What is durable on the nodes' disks.
    private var chains: [DurableChain] = []
    var links: [Link] = []
    private(set) var checkers: [any Checker] = []
    private(set) var trace = Trace()
    private(set) var failure: Failure?
    var plan: Plan
    /// Planted: what changes packets on their way.
    var filter: (any PacketFilter)?
    /// Tells every event, as it happens.
    var tell: ((String) -> Void)?
    private(set) var faultsAreOver = false
    /// Everything was said and has arrived.
    private(set) var isDone = false

    var broker: Node { nodes[0] }

    /// `only` names the checkers that judge; all do without it.
    init(seed: UInt64, bug: PlantedBug? = nil, only: Set<String>? = nil) {
        self.seed = seed
        self.bug = bug
        random = SeededGenerator(seed: seed)
        scenario = Scenario(&random)
        plan = Plan(scenario)
        nodes.append(Node(index: 0, .broker, "broker", .v5))
        for (at, publisher) in scenario.publishers.enumerated() {
            let node = Node(index: nodes.count, .publisher, "plc-\(at + 1)", publisher.version)
            node.repeatsItself = publisher.repeatsItself
            nodes.append(node)
        }
        for (at, subscriber) in scenario.subscribers.enumerated() {
            nodes.append(
                Node(index: nodes.count, .subscriber, "db-\(at + 1)", subscriber.version))
        }
        checkers = Checkers.all(scenario).filter { only?.contains($0.name) ?? true }
        for node in nodes {
            let index = node.index
            chains.append(DurableChain(node.disk))
            node.disk.synced = { [unowned self] in readDurable(index) }
            schedule(.start(node: index), after: random.delay(10, 1_000_000))
        }
        bug?.plant(in: self)
        schedule(.fault, after: random.delay(1_000, 2_000_000))
        schedule(.faultsEnd, after: scenario.faultTime)
    }

    /// Runs to the end of everything, or to the first objection.
    func run() {
        var end = now + scenario.faultTime + Self.patience
        while failure == nil, let (at, event) = queue.pop() {
            guard at <= end else { break }
            now = at
            happen(event)
            takeAwayTheDoomed()
            if faultsAreOver, !isDone, plan.isDone(self) {
                isDone = true
                // A little longer: what comes now would be too much.
                end = now + .seconds(2)
            }
        }
        guard failure == nil else { return }
        for checker in checkers { checker.finish(self) }
    }

    func schedule(_ event: Event, after delay: Duration) {
        queue.push(event, at: now + delay)
    }

    func schedule(_ event: Event, at: Instant) {
        queue.push(event, at: max(at, now))
    }

    func see(_ sight: Sight) {
        trace.append(sight, at: now)
        if let tell { tell(Trace.line(sight, at: now, self)) }
        plan.see(sight, self)
        for checker in checkers where failure == nil { checker.see(sight, self) }
    }

    private func readDurable(_ node: Int) {
        while let records = chains[node].next() {
            see(.durable(node: node, number: chains[node].count, records: records))
        }
    }

    func fail(_ checker: String, _ what: String) {
        if failure == nil { failure = Failure(checker: checker, what: what) }
    }

    /// The end of a turn of a node's loop: what else comes until then shares its commit.
    func turnSoon(_ node: Node) {
        guard !node.isTurnDue else { return }
        node.isTurnDue = true
        schedule(.turn(node: node.index, life: node.life), after: random.delay(0, 200))
    }
}

extension World {
    private func happen(_ event: Event) {
        switch event {
        case .start(let index): start(nodes[index])
        case .reaches(let link): reaches(links[link])
        case .answered(let link): answered(links[link])
        case .arrival(let link, let end): arrival(links[link], at: end)
        case .turn(let index, let life):
            guard nodes[index].life == life else { return }
            nodes[index].isTurnDue = false
            nodes[index].process?.turnEnded()
        case .wake(let index, let life), .disk(let index, let life), .spare(let index, let life),
            .upkeep(let index, let life), .deadline(_, _, let index, let life):
            if nodes[index].life == life { nodes[index].process?.happened(event) }
        case .reading(let index): nodes[index].process?.happened(event)
        case .fault: fault()
        case .spaceReturns(let index): nodes[index].disk.room = .max
        case .faultsEnd: endFaults()
        }
    }

    private func start(_ node: Node) {
        guard node.process == nil else { return }
        node.life += 1
        node.isTurnDue = false
        node.doom = nil
        see(.started(node: node.index))
        endWhileStarting(node)
        node.process =
            switch node.role {
            case .broker: BrokerProcess(node, self)
            case .publisher where node.repeatsItself: RepeaterProcess(node, self)
            case .publisher: PublisherProcess(node, self)
            case .subscriber: SubscriberProcess(node, self)
            }
        node.process?.start()
    }

    private func takeAwayTheDoomed() {
        for node in nodes {
            if let death = node.doom { die(node, death) }
        }
    }

    func die(_ node: Node, _ death: Node.Death) {
        node.doom = nil
        node.fuse = nil
        guard node.process != nil else { return }
        see(.died(node: node.index, death))
        node.process = nil
        let life = node.life
        node.life += 1
        for link in links {
            for end in [End.client, .broker]
            where link.owners[end.rawValue] == life && self.node(at: end, of: link) === node {
                if death == .powerCut { cut(link) }
                close(link, at: end)
            }
        }
        if death == .powerCut { node.disk.cutPower(&random) }
        node.disk.failsAfter = nil
        node.database.rollBack()
        schedule(.start(node: node.index), after: random.delay(1_000, 3_000_000))
    }

    func node(at end: End, of link: Link) -> Node { end == .client ? link.client : broker }

    func endFaults() {
        faultsAreOver = true
        for node in nodes {
            node.fuse = nil
            node.disk.failsAfter = nil
            node.disk.room = .max
        }
        see(.faultsEnded)
    }
}
