// SPDX-License-Identifier: Apache-2.0
//
// One connection as its server sees it: CONNECT comes first, what follows is well-formed and within
// Receive Maximum and Maximum Packet Size, and no PUBLISH or PUBREL is ahead of the outbox on disk.
import MQTT

@testable import ClientCore

struct ClientJudge {
    private(set) var isOpen = false
    private var hasConnect = false
    private var hasConnack = false
    private var receiveMaximum = 65_535
    private var packetSizeMax = Int.max
    /// Identifiers of PUBLISH that the server has not answered to the end.
    private var flights: Set<UInt16> = []
    /// The server answers what it never got: then it has no window that could be judged.
    private var isWild = false
    private var rest: [UInt8] = []

    mutating func opened() {
        self = ClientJudge()
        isOpen = true
    }

    mutating func closed() { isOpen = false }

    /// Packets of the server that the client has taken.
    mutating func heard(_ bytes: [UInt8], _ version: ProtocolVersion) {
        var at = 0
        while at < bytes.count {
            let wire = Array(bytes[at...])
            guard let header = try? FixedHeader.read(wire.span, at: 0, version: version),
                header.end <= wire.count,
                let packet = try? AnyPacket(wire, header, version, from: .server)
            else { return }
            heard(packet)
            at += header.end
        }
    }

    private mutating func heard(_ packet: AnyPacket) {
        switch packet {
        // A second one is a breach, and changes nothing. [MQTT-3.2.0-2]
        case .connack(let connack) where !hasConnack:
            hasConnack = true
            receiveMaximum = Int(connack.receiveMaximum)
            packetSizeMax = connack.maximumPacketSize.map { Int($0) } ?? .max
        case .acknowledgement(let answer):
            let ends =
                answer.kind == .puback || answer.kind == .pubcomp || answer.reason.isFailure
            if answer.kind != .pubrel, !flights.contains(answer.id.rawValue) { isWild = true }
            if ends { flights.remove(answer.id.rawValue) }
        default: return
        }
    }

    /// Bytes that have left, and the outbox as it is on disk at that moment.
    mutating func sent(
        _ bytes: [UInt8], _ version: ProtocolVersion, _ durable: borrowing Outbox
    ) throws(Breach) {
        try require(isOpen, "bytes for nobody: \(bytes.hex)")
        rest += bytes
        while let (header, packet) = try next(version) {
            trace("    it says \(rest[..<header.end].hex)")
            try judge(packet, header, durable)
            rest.removeFirst(header.end)
        }
    }

    private func next(
        _ version: ProtocolVersion
    ) throws(Breach) -> (FixedHeader, AnyPacket)? {
        do throws(DecodeError) {
            guard let header = try FixedHeader.read(rest.span, at: 0, version: version),
                header.end <= rest.count
            else { return nil }
            return (header, try AnyPacket(rest, header, version, from: .client))
        } catch {
            throw Breach("the client sent what servers refuse: \(error): \(rest.hex)")
        }
    }

    private mutating func judge(
        _ packet: AnyPacket, _ header: FixedHeader, _ durable: borrowing Outbox
    ) throws(Breach) {
        try require(
            header.end <= packetSizeMax || header.kind != .publish,
            "\(header.kind) of \(header.end) bytes for a server that takes \(packetSizeMax)")
        try require(hasConnect == (header.kind != .connect), "\(header.kind) out of place")
        hasConnect = true
        switch packet {
        case .publish(let publish):
            guard let id = publish.id else { return }
            try judge(publish, id, durable)
        case .acknowledgement(let answer) where answer.kind == .pubrel:
            guard !isWild, !answer.reason.isFailure, let flight = durable.flight(answer.id)
            else { return }
            try require(
                flight.flow == .released, "PUBREL \(answer.id) before its PUBREC is durable")
        default: return
        }
    }

    private mutating func judge(
        _ publish: PublishPacket, _ id: PacketID, _ durable: borrowing Outbox
    ) throws(Breach) {
        guard !isWild else { return }
        let flight = durable.flight(id)
        try require(
            flight?.message.payload == Array(rest[publish.payload]),
            "PUBLISH \(id) before it is durable")
        try require(flights.insert(id.rawValue).inserted, "identifier \(id) is given twice")
        try require(
            flights.count <= receiveMaximum,
            "\(flights.count) PUBLISH under a Receive Maximum of \(receiveMaximum)")
    }
}
