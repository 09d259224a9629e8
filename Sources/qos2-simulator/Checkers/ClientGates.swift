// SPDX-License-Identifier: Apache-2.0
// Nothing leaves a client before what it promises is durable: judged by the publisher's disk, and by
// what is committed in the subscriber's database.
import ClientCore
import Journal
import MQTT

final class PublisherGates: Checker {
    let name = "gates"

    /// What a publisher's disk says.
    private final class Mirror {
        var outbox = Outbox()
    }

    private let mirrors: [Mirror]
    /// Labels of messages whose `enqueued` is durable.
    private var enqueued: Set<Int> = []

    init(_ publishers: Int) {
        mirrors = (0..<publishers).map { _ in Mirror() }
    }

    func see(_ sight: Sight, _ world: World) {
        switch sight {
        case .durable(let node, _, let records) where world.nodes[node].role == .publisher:
            take(records, world.plan.publisher(of: node), world)
        case .taken(let node, let label) where !world.nodes[node].repeatsItself:
            if !enqueued.contains(label) {
                let place = world.nodes[node].name
                fail(world, "\(place) took message \(label) before it was durable")
            }
        case .left(let link, from: .client, let packet):
            let node = world.links[link].client
            if node.role == .publisher, !node.repeatsItself {
                judge(packet, node, world)
            }
        default: break
        }
    }

    private func take(_ records: [UInt8], _ publisher: Int, _ world: World) {
        do throws(RecordError) {
            try mirrors[publisher].outbox.batch(records.span)
            var at = 0
            while let record = try Record.read(records.span, at: at) {
                if record.kind == OutboxRecordKind.enqueued.rawValue {
                    enqueued.insert(MessageText.label(Array(records[record.content])))
                }
                at = record.content.upperBound
            }
        } catch {
            fail(world, "what is durable cannot be replayed: \(error)")
        }
    }

    private func judge(_ packet: WirePacket, _ node: Node, _ world: World) {
        guard packet.id > 0, packet.reason == .success else { return }
        let mirror = mirrors[world.plan.publisher(of: node.index)]
        let flight = mirror.outbox.flight(PacketID(packet.id))
        switch packet.kind {
        case .publish:
            guard flight.map({ MessageText.label($0.message.payload) }) != packet.label else {
                return
            }
            fail(
                world,
                "\(node.name) sent message \(packet.label) under \(packet.id) before that was"
                    + " durable")
        case .pubrel:
            guard let flight, flight.flow != .released else { return }
            fail(world, "\(node.name) sent PUBREL \(packet.id) before PUBREC was durable")
        default: break
        }
    }
}

final class SubscriberGates: Checker {
    let name = "gates"

    private struct Key: Hashable {
        let link: Int
        let id: UInt16
    }

    private var published: [Key: Int] = [:]

    func see(_ sight: Sight, _ world: World) {
        switch sight {
        case .arrived(let link, at: .client, let packet) where packet.kind == .publish:
            published[Key(link: link, id: packet.id)] = packet.label
        case .left(let link, from: .client, let packet) where packet.reason == .success:
            let node = world.links[link].client
            if node.role == .subscriber { judge(packet, link, node, world) }
        default: break
        }
    }

    private func judge(_ packet: WirePacket, _ link: Int, _ node: Node, _ world: World) {
        let isKept: Bool
        switch packet.kind {
        case .pubrec: isKept = node.database.holds(packet.id)
        case .pubcomp: isKept = !node.database.holds(packet.id)
        case .puback:
            let label = published[Key(link: link, id: packet.id)] ?? 0
            isKept = world.plan.rows[world.plan.taker(of: node.index)][label] != nil
        default: return
        }
        if !isKept {
            fail(world, "\(packet.kind) \(packet.id) left \(node.name) before its commit")
        }
    }
}
