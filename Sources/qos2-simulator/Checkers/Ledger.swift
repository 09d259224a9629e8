// SPDX-License-Identifier: Apache-2.0
// Exactly once: a QoS 2 message that the outbox has taken is one row at each subscriber that asked
// for it, or at one member of their share, QoS 1 at least one, QoS 0 at most one; and what nobody has taken came to all or to none.
import MQTT

final class Ledger: Checker {
    let name = "ledger"

    func see(_ sight: Sight, _ world: World) {
        switch sight {
        case .stored(let node, let label, _): judge(label, at: node, world)
        case .gaveUp(let node, let what):
            fail(world, "\(world.nodes[node].name) gave up a message: \(what)")
        default: break
        }
    }

    private func judge(_ label: Int, at node: Int, _ world: World) {
        let taker = world.plan.taker(of: node)
        guard let message = world.plan.message(label) else {
            return fail(world, "\(world.nodes[node].name) has a message \(label) of nobody")
        }
        guard let qos = world.plan.qos(of: message, for: taker) else {
            return fail(world, "\(world.nodes[node].name) did not ask for message \(label)")
        }
        guard qos != .atLeastOnce, let count = world.plan.rows[taker][label], count > 1
        else { return }
        fail(world, "\(world.nodes[node].name) has message \(label) \(count) times")
    }

    func finish(_ world: World) {
        let first = world.scenario.publishers.count + 1
        for publisher in world.plan.messages.indices {
            for place in world.plan.messages[publisher].indices {
                let label = (publisher + 1) * 1_000_000 + place + 1
                let message = world.plan.messages[publisher][place]
                let wanting = world.plan.rows.indices.filter {
                    (world.plan.qos(of: message, for: $0) ?? .atMostOnce) > .atMostOnce
                }
                let missing = wanting.filter { world.plan.rows[$0][label] == nil }
                guard let one = missing.first else { continue }
                let place = world.nodes[first + one].name
                if message.isTaken {
                    return fail(world, "\(place) has no message \(label), which was taken")
                }
                if missing.count < wanting.count {
                    return fail(world, "\(place) has no message \(label), which others have")
                }
            }
        }
    }
}
