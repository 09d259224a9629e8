// SPDX-License-Identifier: Apache-2.0
// Nothing leaves the broker before what it promises is durable. Judged by the state that a power cut
// at this moment would leave, which is read from the disk and not asked of the gates.
import BrokerCore
import Journal
import MQTT

final class BrokerGates: Checker {
    let name = "gates"

    private struct Key: Hashable {
        let link: Int
        let id: UInt16
    }

    private static let storedKind: UInt16 = 8

    private var replay = Replay()
    /// Labels of the messages whose bodies are durable.
    private var stored: Set<Int> = []
    /// What arrived under an identifier of a connection.
    private var published: [Key: Int] = [:]
    private var released: Set<Key> = []
    private var filters: [Key: [UInt8]] = [:]
    /// Links whose session outlives them.
    private var durableLinks: Set<Int> = []
    /// How many connections of the session were durable when CONNECT came, by link.
    private var connections: [Int: UInt32] = [:]

    func see(_ sight: Sight, _ world: World) {
        switch sight {
        case .durable(let node, _, let records) where node == world.broker.index:
            take(records, world)
        case .arrived(let link, at: .broker, let packet):
            hear(packet, link)
            if packet.kind == .connect {
                // A new session counts its connections from the beginning.
                let client = ClientID(world.links[link].client.name)
                connections[link] = packet.flag ? 0 : replay.connections(of: client) ?? 0
            }
        case .left(let link, from: .broker, let packet) where durableLinks.contains(link):
            judge(packet, link, world)
        default: break
        }
    }

    private func take(_ records: [UInt8], _ world: World) {
        do throws(RecordError) {
            try replay.batch(records.span)
            var at = 0
            while let record = try Record.read(records.span, at: at) {
                if record.kind == Self.storedKind {
                    stored.insert(MessageText.label(Array(records[record.content])))
                }
                at = record.content.upperBound
            }
        } catch {
            fail(world, "what is durable cannot be replayed: \(error)")
        }
    }

    private func hear(_ packet: WirePacket, _ link: Int) {
        let key = Key(link: link, id: packet.id)
        switch packet.kind {
        case .connect where packet.sessionExpiry > 0: durableLinks.insert(link)
        case .publish:
            published[key] = packet.label
            released.remove(key)
        case .pubrel: released.insert(key)
        case .subscribe: filters[key] = packet.filter
        default: break
        }
    }

    private func judge(_ packet: WirePacket, _ link: Int, _ world: World) {
        guard packet.reason == .success || packet.kind == .suback else { return }
        let node = world.links[link].client
        let client = ClientID(node.name)
        let key = Key(link: link, id: packet.id)
        switch packet.kind {
        case .connack:
            let count = replay.connections(of: client) ?? 0
            guard count > connections[link] ?? 0 || !packet.flag && count > 0 else {
                return early(packet, "the session", node, world)
            }
        case .suback:
            guard let filter = filters[key], replay.isSubscribed(client, to: filter) else {
                return early(packet, "the subscription", node, world)
            }
        case .puback, .pubrec:
            guard let label = published[key] else {
                return fail(world, "\(packet.kind) \(packet.id) answers nothing")
            }
            if !isAccepted(label, key, packet, node, world) {
                early(packet, "message \(label)", node, world)
            }
        case .pubcomp:
            if replay.inbound(PacketID(packet.id), from: client) != nil {
                early(packet, "the release of \(packet.id)", node, world)
            }
        case .publish where packet.qos > .atMostOnce:
            let open = replay.outbound(PacketID(packet.id), to: client)
            if open.map({ MessageText.label($0.payload) }) != packet.label {
                early(packet, "message \(packet.label) under \(packet.id)", node, world)
            }
        case .pubrel:
            if let open = replay.outbound(PacketID(packet.id), to: client),
                open.flow != .released
            {
                early(packet, "the PUBREC of \(packet.id)", node, world)
            }
        default: break
        }
    }

    private func isAccepted(
        _ label: Int, _ key: Key, _ packet: WirePacket, _ node: Node, _ world: World
    ) -> Bool {
        if label >= RepeaterProcess.retainedLabels {
            return replay.retained(on: node.retainedTopic).map { MessageText.label($0) } == label
        }
        guard packet.kind == .pubrec else {
            return stored.contains(label) || !isWanted(label, world)
        }
        guard stored.contains(label) else { return false }
        if released.contains(key) { return true }
        let held = replay.inbound(PacketID(packet.id), from: ClientID(node.name))
        return held.map { MessageText.label($0) } == label
    }

    private func isWanted(_ label: Int, _ world: World) -> Bool {
        guard let message = world.plan.message(label) else { return false }
        return world.plan.rows.indices.contains {
            (world.plan.qos(of: message, for: $0) ?? .atMostOnce) > .atMostOnce
        }
    }

    private func early(_ packet: WirePacket, _ what: String, _ node: Node, _ world: World) {
        fail(world, "\(packet.kind) left for \(node.name) before \(what) was durable")
    }
}
