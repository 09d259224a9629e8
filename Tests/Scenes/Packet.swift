// SPDX-License-Identifier: Apache-2.0
// What a client received, as values that a test can write down: decoded by the same decoders that
// clients use, so a packet that they would refuse fails the test that got it.
import MQTT

enum Packet: Equatable {
    case connack(ReasonCode = .success, present: Bool = false)
    case message(Arrival)
    case puback(PacketID, ReasonCode = .success)
    case pubrec(PacketID, ReasonCode = .success)
    case pubrel(PacketID, ReasonCode = .success)
    case pubcomp(PacketID, ReasonCode = .success)
    case suback([ReasonCode])
    case unsuback([ReasonCode] = [])
    case pingresp
    case disconnect(ReasonCode)
    /// The broker has closed the connection.
    case closed

    struct Arrival: Equatable {
        var topic: String
        var payload: String
        var qos: Int
        var id: PacketID?
        var dup = false
        var retain = false
        var expiry: UInt32?
        var identifiers: [UInt32] = []
        var userProperties: [UserProperty] = []
    }

    static func publish(
        _ topic: String, _ payload: String = "", qos: Int = 0, id: PacketID? = nil,
        dup: Bool = false, retain: Bool = false, expiry: UInt32? = nil, identifiers: [UInt32] = [],
        userProperties: [UserProperty] = []
    ) -> Packet {
        .message(
            Arrival(
                topic: topic, payload: payload, qos: qos, id: id, dup: dup, retain: retain,
                expiry: expiry, identifiers: identifiers, userProperties: userProperties))
    }
}

extension Packet {
    /// The packets at the front of `bytes`, which must be whole.
    static func all(in bytes: [UInt8], _ version: ProtocolVersion) throws -> [Packet] {
        var packets: [Packet] = []
        var at = 0
        while let header = try FixedHeader.read(bytes.span, at: at, version: version) {
            guard header.end <= bytes.count else { throw Torn(rest: bytes.count - at) }
            packets.append(try Packet(bytes, header, version))
            at = header.end
        }
        guard at == bytes.count else { throw Torn(rest: bytes.count - at) }
        return packets
    }

    /// The broker stopped in the middle of a packet.
    struct Torn: Error {
        let rest: Int
    }

    struct NotForClients: Error {
        let kind: PacketKind
    }

    private init(_ wire: [UInt8], _ header: FixedHeader, _ version: ProtocolVersion) throws {
        let bytes = wire.span
        switch header.kind {
        case .connack:
            let packet = try ConnackPacket(bytes, header, version)
            self = .connack(packet.reason, present: packet.sessionPresent)
        case .publish:
            let packet = try PublishPacket(bytes, header, version, from: .server)
            self = .message(Arrival(packet, wire))
        case .puback, .pubrec, .pubrel, .pubcomp:
            let packet = try AcknowledgementPacket(bytes, header, version, from: .server)
            self.init(acknowledgement: packet)
        case .suback:
            let packet = try SubackPacket(bytes, header, version)
            self = .suback(packet.reasons.map { ReasonCode(wire[$0]) })
        case .unsuback:
            let packet = try UnsubackPacket(bytes, header, version)
            self = .unsuback(packet.reasons.map { ReasonCode(wire[$0]) })
        case .pingresp:
            _ = try PingPacket(header)
            self = .pingresp
        case .disconnect:
            self = .disconnect(try DisconnectPacket(bytes, header, version, from: .server).reason)
        case .auth, .connect, .subscribe, .unsubscribe, .pingreq:
            throw NotForClients(kind: header.kind)
        }
    }

    private init(acknowledgement packet: AcknowledgementPacket) {
        switch packet.kind {
        case .puback: self = .puback(packet.id, packet.reason)
        case .pubrec: self = .pubrec(packet.id, packet.reason)
        case .pubrel: self = .pubrel(packet.id, packet.reason)
        default: self = .pubcomp(packet.id, packet.reason)
        }
    }
}

extension Packet.Arrival {
    init(_ packet: PublishPacket, _ wire: [UInt8]) {
        topic = String(decoding: wire[packet.topic], as: UTF8.self)
        payload = String(decoding: wire[packet.payload], as: UTF8.self)
        qos = Int(packet.qos.rawValue)
        id = packet.id
        dup = packet.duplicate
        retain = packet.retain
        expiry = packet.properties.messageExpiry
        var walk = packet.properties.all.makeIterator()
        while let property = walk.next(in: wire.span) {
            switch property.id {
            case .subscriptionIdentifier: identifiers.append(property.number)
            case .userProperty:
                userProperties.append(
                    UserProperty(
                        String(decoding: wire[property.name], as: UTF8.self),
                        String(decoding: wire[property.value], as: UTF8.self)))
            default: continue
            }
        }
    }
}
