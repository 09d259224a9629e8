// SPDX-License-Identifier: Apache-2.0
// The journal of a process on its node's disk, the same for broker and publisher: recovered before
// the eyes of the checkers, written step by step in virtual time, and kept small now and then.
import Journal
import MQTT

final class NodeStore<State: ReplayedState & ~Copyable> {
    let home: ObservedHome
    private let store: SimulatedStore<State>
    private unowned let node: Node
    private unowned let world: World
    private let upkeepInterval: Duration

    /// `report` and `state` are what recovery has found.
    init(
        _ node: Node, _ world: World, _ report: RecoveryReport, state: String,
        upkeepInterval: Duration, isHasty: @escaping ([UInt8]) -> Bool = { _ in false }
    ) {
        self.node = node
        self.world = world
        self.upkeepInterval = upkeepInterval
        let (index, life) = (node.index, node.life)
        store = SimulatedStore(
            node.disk, report, segmentSize: world.scenario.segmentSize,
            checkpointSegments: world.scenario.checkpointSegments,
            now: { [unowned world] in world.now.nanoseconds })
        store.writer.wantsStep = { [unowned world] in
            world.schedule(.disk(node: index, life: life), after: world.random.delay(5, 4_000))
        }
        store.writer.wantsSpare = { [unowned world] in
            world.schedule(.spare(node: index, life: life), after: world.random.delay(50, 9_000))
        }
        home = ObservedHome(
            store.segments, isHasty: isHasty,
            willCommit: { [unowned world] batch in
                world.see(.handed(node: index, batch: batch))
            })
        world.see(
            .recovered(
                node: index, batches: report.position.nextBatch - 1, tornBytes: report.tornBytes,
                setAside: report.setAside.count, state: state))
    }

    var isFull: Bool { store.isFull }

    var livingState: (() -> [[UInt8]]?)? {
        get { store.livingState }
        set { store.livingState = newValue }
    }

    func turnEnded() { store.turnEnded() }

    /// From now on it has a spare segment, and is looked after.
    func begin() {
        store.writer.prepareSpare()
        scheduleUpkeep()
    }

    func makeSpare() { store.writer.makeSpare() }

    /// One call of the disk. Returns the batch of which the process hears now that it is durable.
    func step() -> UInt64? {
        do throws(DiskError) {
            guard let number = try store.writer.step() else { return nil }
            keepSmall { () throws(RecoveryError) in try store.committed(number) }
            return home.wasHasty() ? nil : number
        } catch {
            world.see(.diskFailed(node: node.index, error))
            node.doom = node.doom ?? .diskFailure
            return nil
        }
    }

    func upkeep() {
        keepSmall { () throws(RecoveryError) in try store.maintain() }
        scheduleUpkeep()
    }

    private func keepSmall(_ work: () throws(RecoveryError) -> Bool) {
        do throws(RecoveryError) {
            if try work() { world.see(.checkpoint(node: node.index)) }
        } catch {
            // A checkpoint that failed is told, and the next one is tried later.
        }
    }

    private func scheduleUpkeep() {
        world.schedule(.upkeep(node: node.index, life: node.life), after: upkeepInterval)
    }
}
