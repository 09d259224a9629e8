// SPDX-License-Identifier: Apache-2.0
// A process of the publisher: a client engine whose outbox lives in a journal on the node's disk, and
// a PLC that offers messages. A message counts when the outbox says that it has it.
import ClientCore
import Journal
import MQTT

final class PublisherProcess: ClientProcess {
    private static let upkeepInterval = Duration.milliseconds(700)

    private var store: NodeStore<Outbox>?
    /// Offered, and not yet in the outbox for good; oldest first.
    private var taking: [Int] = []
    private var toForget: [Receipt] = []

    override func start() {
        do throws(RecoveryError) {
            try recover()
        } catch {
            world.see(.notRecovered(node: node.index, error))
            node.doom = node.doom ?? .diskFailure
            return
        }
        super.start()
        store?.begin()
        plan()
    }

    private func recover() throws(RecoveryError) {
        var outbox = Outbox()
        let report = try Recovery.read(node.disk, into: &outbox)
        let store = NodeStore<Outbox>(
            node, world, report, state: "", upkeepInterval: Self.upkeepInterval)
        self.store = store
        var options = Self.options(node)
        options.inFlightMax = world.scenario.publishers[node.index - 1].inFlightMax
        let knowsSession = outbox.knowsSession
        engine = ClientEngine(
            ClientSession(options, outbox: outbox, knowsSession: knowsSession),
            home: store.home, seed: world.random.next())
    }

    override func happened(_ event: Event) {
        switch event {
        case .reading: offer()
        case .disk: stepDisk()
        case .spare: store?.makeSpare()
        case .upkeep: store?.upkeep()
        default: super.happened(event)
        }
    }

    override func turnEnded() {
        for receipt in toForget { engine.forgotten(receipt, at: world.now) }
        toForget.removeAll()
        super.turnEnded()
    }

    override func taken(_ number: MessageNumber) {
        world.see(.taken(publisher: node.index, label: taking.removeFirst()))
    }

    /// With MQTT 3.1.1, a client that has thrown an unknown session away cannot tell one that it
    /// began itself, and whose CONNACK was lost, from one that the broker should have forgotten.
    override func told(_ note: ClientNote) {
        switch note {
        case .dropped, .sessionLost: world.see(.gaveUp(publisher: node.index, "\(note)"))
        case .violated(let what) where node.version == .v5 || engine.session.outbox.knowsSession:
            world.see(.objected(node: node.index, what))
        default: break
        }
    }

    override func released(_ receipt: Receipt) { toForget.append(receipt) }
}

extension PublisherProcess {
    private func plan() {
        guard world.plan.wantsMore(node.index) else { return }
        let pause = Int64(world.scenario.pauseMax)
        world.schedule(
            .reading(publisher: node.index),
            after: .microseconds(Int64.random(in: 0...pause * 1000 + 100, using: &world.random)))
    }

    private func offer() {
        guard world.plan.wantsMore(node.index) else { return }
        guard world.plan.mayPublish, engine.session.takesMessages else {
            world.schedule(.reading(publisher: node.index), after: .milliseconds(100))
            return
        }
        let topic = world.random.upTo(Scenario.topics.count - 1)
        let qos: QoS = world.random.pick([
            .exactlyOnce, .exactlyOnce, .exactlyOnce, .exactlyOnce, .atLeastOnce, .atMostOnce,
        ])
        let label = world.plan.offer(node.index, topic: topic, qos: qos)
        let filler = world.random.upTo(world.scenario.payloadMax)
        world.see(.offered(publisher: node.index, label: label))
        taking.append(label)
        let message = OutboxMessage(
            qos: qos, topic: Array(Scenario.topics[topic].utf8), label: "\(label)",
            properties: MessageProperties(), payload: MessageText.payload(label, filler: filler))
        guard engine.enqueue(message, at: world.now) != nil else {
            preconditionFailure("the outbox had room")
        }
        endOfEvent()
        plan()
    }

    private func stepDisk() {
        guard let number = store?.step() else { return }
        engine.committed(number)
        endOfEvent()
    }
}

extension PublisherProcess: Finishing {
    var isIdle: Bool { engine.session.outbox.isEmpty }
}
