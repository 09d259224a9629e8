// SPDX-License-Identifier: Apache-2.0
//
// All decoders of both versions and both ends on arbitrary bytes. What they take is written again and
// must say the same; and the topics in it are matched by ours and by a matcher that is slow and plain.
import MQTT

enum PacketsTarget {
    static func run(_ input: [UInt8], _ planted: Planted?) throws(Breach) {
        var script = Script(input)
        let choice = script.byte()
        let version: ProtocolVersion = choice & 1 == 0 ? .v5 : .v311
        let sender: Role = choice & 2 == 0 ? .client : .server
        if choice & 4 == 0 {
            try decodeAll(script.rest(), version, from: sender)
        } else {
            let filter = script.bytes(Int(script.byte()))
            try TopicMatching.compare(filter, script.rest(), sharing: version == .v5, planted)
        }
    }

    private static func decodeAll(
        _ wire: [UInt8], _ version: ProtocolVersion, from sender: Role
    ) throws(Breach) {
        var at = 0
        do {
            while let header = try FixedHeader.read(wire.span, at: at, version: version) {
                try require(header.body.lowerBound > at + 1, "a header of less than two bytes")
                guard header.end <= wire.count else { return }
                let packet = try AnyPacket(wire, header, version, from: sender)
                let spoken = packet.connectVersion ?? version
                try rewrite(packet, wire, header, spoken, from: sender)
                at = header.end
            }
        } catch let breach as Breach {
            throw breach
        } catch {
            return  // Refused, as most arbitrary bytes are.
        }
    }

    /// Written again, and again from that: the first must say the same, the second be the same.
    private static func rewrite(
        _ packet: AnyPacket, _ wire: [UInt8], _ header: FixedHeader, _ version: ProtocolVersion,
        from sender: Role
    ) throws {
        let fields = packet.fields(wire, header.kind)
        let again = packet.encoded(wire, version)
        let copy = try decode(again, header.kind, version, from: sender)
        let copyFields = copy.fields(again, header.kind)
        try require(
            copyFields == fields,
            "\(header.kind) written again differs in \(fields.differences(from: copyFields))")
        let third = copy.encoded(again, version)
        try require(third == again, "\(header.kind) is not written the same twice")
    }

    private static func decode(
        _ wire: [UInt8], _ kind: PacketKind, _ version: ProtocolVersion, from sender: Role
    ) throws(Breach) -> AnyPacket {
        do throws(DecodeError) {
            let header = try FixedHeader.read(wire.span, at: 0, version: version)
            guard let header, header.kind == kind, header.end == wire.count else {
                throw .malformed(.truncated)
            }
            return try AnyPacket(wire, header, version, from: sender)
        } catch {
            throw Breach("\(kind) that we wrote is refused: \(error): \(wire.hex)")
        }
    }
}
