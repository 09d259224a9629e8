// SPDX-License-Identifier: Apache-2.0
// Session Present tells the truth, and nobody is sent away without a reason. [MQTT-3.2.2-2]
import MQTT

final class SessionChecker: Checker {
    let name = "protocol"

    /// Whether CONNECT asked for a session that lasts, and for a new one, by link.
    private var asked: [Int: (lasts: Bool, isClean: Bool)] = [:]
    /// Clients that were told of a session that lasts.
    private var known: Set<Int> = []

    func see(_ sight: Sight, _ world: World) {
        switch sight {
        case .arrived(let link, at: .broker, let packet) where packet.kind == .connect:
            asked[link] = (packet.sessionExpiry > 0, packet.flag)
            if packet.flag { known.remove(world.links[link].client.index) }
        case .left(let link, from: .broker, let packet) where packet.kind == .connack:
            if packet.reason == .success { judge(packet, link, world) }
        case .left(let link, from: .broker, let packet) where packet.kind == .disconnect:
            dismiss(packet, world.links[link].client, world)
        case .objected(let node, let what):
            fail(world, "\(world.nodes[node].name) objects: \(what)")
        default: break
        }
    }

    private func judge(_ packet: WirePacket, _ link: Int, _ world: World) {
        guard let (lasts, isClean) = asked[link] else { return }
        let client = world.links[link].client
        if packet.flag, isClean {
            fail(world, "Session Present for \(client.name) after a clean start")
        }
        if !packet.flag, !isClean, known.contains(client.index) {
            fail(world, "no Session Present for \(client.name), whose session lasts")
        }
        if lasts { known.insert(client.index) } else { known.remove(client.index) }
    }

    private func dismiss(_ packet: WirePacket, _ client: Node, _ world: World) {
        switch packet.reason {
        case .sessionTakenOver, .keepAliveTimeout, .serverShuttingDown: break
        default: fail(world, "\(client.name) was sent away: \(packet.reason)")
        }
    }
}
