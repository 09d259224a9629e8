// SPDX-License-Identifier: Apache-2.0
// Packets as an eavesdropper sees them: what the checkers need to know of each, in one flat value.
import MQTT

struct WirePacket {
    var kind: PacketKind
    var id: UInt16 = 0
    var qos = QoS.atMostOnce
    var isDuplicate = false
    var reason = ReasonCode.success
    /// The message that a PUBLISH carries.
    var label = 0
    /// Clean Start of CONNECT, Session Present of CONNACK.
    var flag = false
    /// Of CONNECT and CONNACK.
    var receiveMaximum = UInt16.max
    var sessionExpiry: UInt32 = 0
    /// The first filter of SUBSCRIBE.
    var filter: [UInt8] = []
    /// The whole packet.
    var bytes: [UInt8] = []
}

/// Finds the packets in one direction of a connection.
struct PacketReader {
    var version = ProtocolVersion.v5
    private var bytes: [UInt8] = []

    init() {}

    mutating func append(_ more: ArraySlice<UInt8>) { bytes += more }

    /// The packets that are whole now.
    mutating func take(from sender: Role) throws(DecodeError) -> [WirePacket] {
        var packets: [WirePacket] = []
        var at = 0
        while let header = try FixedHeader.read(bytes.span, at: at, version: version),
            header.end <= bytes.count
        {
            var packet = try WirePacket(bytes.span, header, version, sender)
            packet.bytes = Array(bytes[at..<header.end])
            packets.append(packet)
            at = header.end
        }
        if at > 0 { bytes.removeFirst(at) }
        return packets
    }
}

extension WirePacket {
    init(
        _ bytes: Span<UInt8>, _ header: FixedHeader, _ version: ProtocolVersion, _ sender: Role
    ) throws(DecodeError) {
        kind = header.kind
        switch header.kind {
        case .connect:
            let packet = try ConnectPacket(bytes, header)
            flag = packet.cleanStart
            receiveMaximum = packet.receiveMaximum
            sessionExpiry =
                version == .v5 ? packet.sessionExpiry ?? 0 : packet.cleanStart ? 0 : .max
        case .connack:
            let packet = try ConnackPacket(bytes, header, version)
            flag = packet.sessionPresent
            receiveMaximum = packet.receiveMaximum
            reason = packet.reason
        case .publish:
            let packet = try PublishPacket(bytes, header, version, from: sender)
            id = packet.id?.rawValue ?? 0
            qos = packet.qos
            isDuplicate = packet.duplicate
            label = MessageText.label(bytes.extracting(packet.payload))
        case .puback, .pubrec, .pubrel, .pubcomp:
            let packet = try AcknowledgementPacket(bytes, header, version, from: sender)
            id = packet.id.rawValue
            reason = packet.reason
        case .subscribe:
            let packet = try SubscribePacket(bytes, header, version)
            id = packet.id.rawValue
            var requests = packet.requests.makeIterator()
            if let request = requests.next(in: bytes) {
                filter = request.filter.map { bytes[$0] }
            }
        case .suback: id = try SubackPacket(bytes, header, version).id.rawValue
        case .unsubscribe, .unsuback, .pingreq, .pingresp, .auth: break
        case .disconnect:
            reason = try DisconnectPacket(bytes, header, version, from: sender).reason
        }
    }
}

/// The payload of every message ends with its number, in eight digits.
enum MessageText {
    static let labelSize = 8

    static func payload(_ label: Int, filler: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: UInt8(ascii: "."), count: filler + labelSize)
        var rest = label
        for at in (filler..<filler + labelSize).reversed() {
            bytes[at] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        return bytes
    }

    /// 0 if there is none.
    static func label(_ payload: Span<UInt8>) -> Int {
        guard payload.count >= labelSize else { return 0 }
        var label = 0
        for at in payload.count - labelSize..<payload.count {
            guard 0x30...0x39 ~= payload[at] else { return 0 }
            label = label * 10 + Int(payload[at] - 0x30)
        }
        return label
    }

    static func label(_ payload: [UInt8]) -> Int { label(payload.span) }
}
