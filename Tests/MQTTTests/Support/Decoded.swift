// SPDX-License-Identifier: Apache-2.0
//
// Decodes any packet, as broker and clients do: header, size, then the type of the packet.

import MQTT

enum Decoded: Equatable {
    case connect(ConnectPacket)
    case connack(ConnackPacket)
    case publish(PublishPacket)
    case acknowledgement(AcknowledgementPacket)
    case subscribe(SubscribePacket)
    case suback(SubackPacket)
    case unsubscribe(UnsubscribePacket)
    case unsuback(UnsubackPacket)
    case ping(PingPacket)
    case disconnect(DisconnectPacket)
    case auth(AuthPacket)
}

/// Nil if the packet is incomplete.
func decode(
    _ wire: [UInt8], _ version: ProtocolVersion, from sender: Role
) throws(DecodeError) -> Decoded? {
    let bytes = wire.span
    guard let header = try FixedHeader.read(bytes, at: 0, version: version),
        header.end <= bytes.count
    else { return nil }
    switch header.kind {
    case .connect: return .connect(try ConnectPacket(bytes, header))
    case .connack: return .connack(try ConnackPacket(bytes, header, version))
    case .publish: return .publish(try PublishPacket(bytes, header, version, from: sender))
    case .puback, .pubrec, .pubrel, .pubcomp:
        return .acknowledgement(
            try AcknowledgementPacket(bytes, header, version, from: sender))
    case .subscribe: return .subscribe(try SubscribePacket(bytes, header, version))
    case .suback: return .suback(try SubackPacket(bytes, header, version))
    case .unsubscribe: return .unsubscribe(try UnsubscribePacket(bytes, header, version))
    case .unsuback: return .unsuback(try UnsubackPacket(bytes, header, version))
    case .pingreq, .pingresp: return .ping(try PingPacket(header))
    case .disconnect:
        return .disconnect(try DisconnectPacket(bytes, header, version, from: sender))
    case .auth: return .auth(try AuthPacket(bytes, header, version, from: sender))
    }
}

/// Why a packet is refused; nil if it is accepted or incomplete.
func refusal(
    of wire: [UInt8], _ version: ProtocolVersion, from sender: Role = .client
) -> DecodeError? {
    do {
        _ = try decode(wire, version, from: sender)
        return nil
    } catch {
        return error
    }
}

/// A packet around a body, with the length that belongs to it.
func packet(_ firstByte: UInt8, _ body: [UInt8]) -> [UInt8] {
    var length: [UInt8] = []
    var rest = body.count
    repeat {
        length.append(UInt8(rest % 128) | (rest >= 128 ? 0x80 : 0))
        rest /= 128
    } while rest > 0
    return [firstByte] + length + body
}

/// A text with its length in front.
func field(_ text: String) -> [UInt8] { field(Array(text.utf8)) }

func field(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
}

extension [UInt8] {
    /// The bytes that a decoded range points at.
    func bytes(_ range: Range<Int>?) -> [UInt8]? { range.map { Array(self[$0]) } }

    func text(_ range: Range<Int>?) -> String? {
        range.map { String(decoding: self[$0], as: UTF8.self) }
    }

    func userProperties(of properties: Properties) -> [UserProperty] {
        var found: [UserProperty] = []
        var entries = properties.makeIterator()
        while let entry = entries.next(.userProperty, in: span) {
            found.append(UserProperty(text(entry.name)!, text(entry.value)!))
        }
        return found
    }
}
