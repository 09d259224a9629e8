// SPDX-License-Identifier: Apache-2.0
// When misfortunes have ended, everything arrives and nobody is owed anything, in bounded time.
import MQTT

final class LivenessChecker: Checker {
    let name = "liveness"

    func see(_ sight: Sight, _ world: World) {}

    func finish(_ world: World) {
        guard !world.isDone else { return }
        var what = "\(world.plan.missing) deliveries are missing"
        if !world.plan.mayPublish { what += ", not everybody is subscribed" }
        for node in world.nodes {
            guard let process = node.process else {
                what += ", \(node.name) does not run"
                continue
            }
            if let process = process as? any Finishing, !process.isIdle {
                what += ", \(node.name) is not through"
            }
            if node.role == .publisher, world.plan.wantsMore(node.index) {
                what += ", \(node.name) has more to say"
            }
        }
        fail(world, what)
    }
}
