// SPDX-License-Identifier: Apache-2.0
// The misfortunes of a world: which, when and to whom is the generator's choice.
import MQTT

extension World {
    func fault() {
        guard !faultsAreOver else { return }
        if !scenario.misfortunes.isEmpty { strike(random.pick(scenario.misfortunes)) }
        let calm = Int64(scenario.calmMax)
        schedule(.fault, after: .microseconds(Int64.random(in: 0...calm * 1000, using: &random)))
    }

    private func strike(_ misfortune: Scenario.Misfortune) {
        switch misfortune {
        case .cut: cutSomething()
        case .kill: for node in victims() { endSoon(node, .kill) }
        case .powerCut: for node in victims() { endSoon(node, .powerCut) }
        case .diskFailure:
            let node = random.pick(nodes)
            guard node.disk.failsAfter == nil else { return }
            node.disk.failsAfter = random.upTo(12)
            node.disk.forgetsFailedSync = random.chance(oneIn: 2)
        case .fullDisk: fill(random.pick(nodes))
        }
    }

    /// One node, mostly; sometimes all.
    private func victims() -> [Node] {
        if random.chance(oneIn: 6) { return nodes }
        return [random.chance(oneIn: 2) ? broker : random.pick(nodes)]
    }

    /// At once, or before one of its next effects.
    private func endSoon(_ node: Node, _ death: Node.Death) {
        guard node.process != nil, node.fuse == nil else { return }
        if random.chance(oneIn: 3) {
            node.doom = death
        } else {
            node.fuse = (random.upTo(30), death)
        }
    }

    /// A start changes the disk before it changes anything else, and may not live to its end.
    func endWhileStarting(_ node: Node) {
        let deaths = [(Scenario.Misfortune.kill, Node.Death.kill), (.powerCut, .powerCut)]
            .filter { scenario.misfortunes.contains($0.0) }
        guard !faultsAreOver, !deaths.isEmpty, random.chance(oneIn: 4) else { return }
        node.fuse = (random.upTo(6), random.pick(deaths).1)
    }

    private func cutSomething() {
        let open = links.filter { $0.isOpen(at: .client) && $0.isOpen(at: .broker) }
        if !open.isEmpty { cut(random.pick(open)) }
    }

    private func fill(_ node: Node) {
        guard node.disk.room == .max else { return }
        node.disk.room = node.disk.bytesUsed + random.upTo(2 * scenario.segmentSize)
        schedule(.spaceReturns(node: node.index), after: random.delay(10_000, 8_000_000))
    }
}
