// SPDX-License-Identifier: Apache-2.0
// The sending half of QoS 1 and 2, of the broker as of its clients, as an eavesdropper knows it:
// one table of flights for each sender and session. SendingFlights says what must hold.
import BrokerCore
import MQTT

final class SendingChecker: Checker {
    let name = "protocol"

    private struct Sender: Hashable {
        let client: Int
        let end: End
    }

    private var flights: [Sender: SendingFlights] = [:]

    func see(_ sight: Sight, _ world: World) {
        switch sight {
        case .arrived(let link, at: .broker, let packet) where packet.kind == .connect:
            let limit =
                world.links[link].client.version == .v5
                ? packet.receiveMaximum : world.scenario.limits.inFlightMax
            begin(.broker, link, Int(limit), world)
        case .left(let link, from: .broker, let packet) where packet.kind == .connack:
            if !packet.flag { flights[sender(.broker, link, world)]?.forget() }
        case .arrived(let link, at: .client, let packet) where packet.kind == .connack:
            begin(.client, link, Int(packet.receiveMaximum), world)
            if !packet.flag { flights[sender(.client, link, world)]?.forget() }
        case .left(let link, from: .client, _) where world.links[link].client.repeatsItself: break
        case .left(let link, let end, let packet):
            if let objection = flights[sender(end, link, world)]?.left(packet, on: link) {
                let client = world.links[link].client.name
                fail(world, "\(end == .broker ? "the broker to \(client)" : client): \(objection)")
            }
        case .arrived(let link, let end, let packet):
            flights[sender(end, link, world)]?.arrived(packet, on: link)
        default: break
        }
    }

    private func sender(_ end: End, _ link: Int, _ world: World) -> Sender {
        Sender(client: world.links[link].client.index, end: end)
    }

    private func begin(_ end: End, _ link: Int, _ limit: Int, _ world: World) {
        flights[sender(end, link, world), default: SendingFlights()].begin(link, limit: limit)
    }
}
