// SPDX-License-Identifier: Apache-2.0
// Bugs of a broker that can be told from its packets alone: whole packets are changed on their way
// out, and what answers them on its way in.
import MQTT

/// After a reconnect, a PUBREL that is owed goes out as the PUBLISH that it once was.
final class PublishesAgain: PacketFilter {
    private struct Key: Hashable {
        let client: Int
        let id: UInt16
    }

    private var readers: [Int: PacketReader] = [:]
    /// The last PUBLISH under an identifier, and the connection that carried it.
    private var published: [Key: (bytes: [UInt8], link: Int)] = [:]

    func rewrite(_ bytes: [UInt8], on link: Link, from end: End) -> [UInt8] {
        guard end == .broker else { return bytes }
        return rewriteWhole(bytes, &readers[link.id, default: PacketReader(link)], end) { packet in
            let key = Key(client: link.client.index, id: packet.id)
            if packet.kind == .publish { published[key] = (packet.bytes, link.id) }
            guard packet.kind == .pubrel, var old = published[key], old.link != link.id else {
                return packet.bytes
            }
            old.bytes[0] |= 0b1000
            return old.bytes
        }
    }
}

/// Each process of the broker gives the deliveries other identifiers.
final class ForgetsIdentifiers: PacketFilter {
    private unowned let world: World
    private var readers: [Int: PacketReader] = [:]

    init(_ world: World) {
        self.world = world
    }

    func rewrite(_ bytes: [UInt8], on link: Link, from end: End) -> [UInt8] {
        guard link.client.role == .subscriber else { return bytes }
        let shift = 7 * world.broker.life
        let step = end == .broker ? shift : -shift
        let key = 2 * link.id + end.rawValue
        return rewriteWhole(bytes, &readers[key, default: PacketReader(link)], end) { packet in
            var bytes = packet.bytes
            guard let at = Self.place(of: packet) else { return bytes }
            let other = ((Int(packet.id) - 1 + step) % 65_535 + 65_535) % 65_535 + 1
            bytes[at] = UInt8(other >> 8)
            bytes[at + 1] = UInt8(other & 0xff)
            return bytes
        }
    }

    /// Where the identifier of a delivery lies.
    private static func place(of packet: WirePacket) -> Int? {
        switch packet.kind {
        case .publish where packet.qos > .atMostOnce:
            var at = 1
            while packet.bytes[at] >= 0x80 { at += 1 }
            return at + 3 + Int(packet.bytes[at + 1]) << 8 + Int(packet.bytes[at + 2])
        case .puback, .pubrec, .pubrel, .pubcomp: return 2
        default: return nil
        }
    }
}

/// The rest of a packet that is not whole yet waits for its end.
private func rewriteWhole(
    _ bytes: [UInt8], _ reader: inout PacketReader, _ end: End, _ change: (WirePacket) -> [UInt8]
) -> [UInt8] {
    reader.append(bytes[...])
    guard let packets = try? reader.take(from: end.role) else { return bytes }
    return packets.flatMap(change)
}

extension PacketReader {
    fileprivate init(_ link: Link) {
        self.init()
        version = link.client.version
    }
}
