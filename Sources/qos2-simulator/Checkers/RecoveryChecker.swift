// SPDX-License-Identifier: Apache-2.0
// A process goes on with everything that was durable, with nothing that was never said, and with
// exactly the state that the records in between make; and the broker's living state is what its
// records say.
import BrokerCore
import ClientCore
import Journal

final class RecoveryChecker: Checker {
    let name = "recovery"

    /// One journal as its writer knows it.
    private struct Chain {
        /// Every batch that was handed to the disk and is part of the chain.
        var said: [[UInt8]] = []
        var durable: UInt64 = 0
    }

    private var chains: [Int: Chain] = [:]
    private var replay = BrokerReplay()

    func see(_ sight: Sight, _ world: World) {
        switch sight {
        case .handed(let node, let batch): chains[node, default: Chain()].said.append(batch)
        case .durable(let node, let number, let records):
            let said = chains[node]?.said ?? []
            guard said.count >= number, said[Int(number) - 1] == records else {
                return fail(world, "batch \(number) on disk is not the one that was said")
            }
            chains[node]!.durable = number
        case .recovered(let node, let batches, _, _, let description):
            judge(node, batches, description, world)
        case .notRecovered(let node, .record(let error, _, _)):
            fail(world, "\(world.nodes[node].name) cannot read its journal: \(error)")
        default: break
        }
    }

    private func judge(_ node: Int, _ batches: UInt64, _ description: String, _ world: World) {
        var chain = chains[node] ?? Chain()
        guard batches >= chain.durable else {
            return fail(
                world,
                "\(world.nodes[node].name) goes on with batch \(batches),"
                    + " but \(chain.durable) was durable")
        }
        guard batches <= chain.said.count else {
            return fail(world, "\(world.nodes[node].name) found a batch that was never said")
        }
        chain.said.removeLast(chain.said.count - Int(batches))
        chains[node] = chain
        guard node == world.broker.index else { return }
        compare(description, "what was recovered", chain.said, world)
    }

    private func compare(_ description: String, _ what: String, _ said: [[UInt8]], _ world: World) {
        do throws(RecordError) {
            try replay.advance(said)
        } catch {
            return fail(world, "the records do not fit one another: \(error)")
        }
        let expected = replay.description
        guard expected != description else { return }
        let (have, want) = (description.split(separator: "\n"), expected.split(separator: "\n"))
        let at = zip(have, want).prefix { $0 == $1 }.count
        fail(
            world,
            "\(what) is not what the records say: "
                + "\(at < have.count ? have[at] : "nothing") instead of "
                + "\(at < want.count ? want[at] : "nothing")")
    }

    func finish(_ world: World) {
        guard let process = world.broker.process as? BrokerProcess, process.engine.isSettled,
            let chain = chains[world.broker.index]
        else { return }
        let living = process.engine.broker.durableDescription()
        compare(living, "the living state", chain.said, world)
    }
}

/// The records of the broker's journal, played once, as far as they are certain.
private final class BrokerReplay {
    private var replay = Replay()
    private var played = 0

    func advance(_ said: [[UInt8]]) throws(RecordError) {
        while played < said.count {
            let batch = said[played]
            try replay.batch(batch.span)
            played += 1
        }
    }

    var description: String { replay.durableDescription() }
}
