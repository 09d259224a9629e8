// SPDX-License-Identifier: Apache-2.0
// Messages of one publisher, topic and QoS come in the order in which they were offered; repeats of
// QoS 1 do not count, and members of a share have no order among them. A message that was refused for
// now comes again later, and so ends the order of its publisher, from the moment on at which that hears
// of it. [MQTT-4.6.0-5]
import MQTT

final class OrderChecker: Checker {
    let name = "order"

    private struct Stream: Hashable {
        let subscriber: Int
        let publisher: Int
        let topic: Int
        let qos: QoS
    }

    private var last: [Stream: Int] = [:]
    private var refused: Set<Int> = []

    func see(_ sight: Sight, _ world: World) {
        switch sight {
        case .arrived(let link, at: .client, let packet)
        where packet.kind == .puback || packet.kind == .pubrec:
            if packet.reason.isFailure { refused.insert(world.links[link].client.index) }
        case .stored(let node, let label, _):
            guard !world.scenario.isShared, let message = world.plan.message(label),
                world.plan.rows[world.plan.taker(of: node)][label] == 1
            else { return }
            let stream = Stream(
                subscriber: node, publisher: label / 1_000_000, topic: message.topic,
                qos: message.qos)
            if let before = last[stream], before > label, !refused.contains(stream.publisher) {
                let place = world.nodes[node].name
                fail(world, "\(place) got message \(label) after message \(before)")
            }
            last[stream] = label
        default: break
        }
    }
}
