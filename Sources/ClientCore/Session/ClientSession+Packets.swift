// SPDX-License-Identifier: Apache-2.0
//
// One packet from the server, to the handler of its kind. What a server must not send is an error
// like a packet that cannot be read.
import MQTT

extension ClientSession {
    /// The whole packet is in `bytes`.
    mutating func take(
        _ header: FixedHeader, in bytes: Span<UInt8>, at now: Instant,
        into effects: inout [ClientEffect]
    ) throws(DecodeError) {
        let version = options.version
        let isConnack = header.kind == .connack
        // The first packet from the server is CONNACK, and there is no other. [MQTT-3.2.0-1]
        guard isConnack == (connection?.phase == .connecting) else {
            throw .protocolError(.packetOfOtherRole)
        }
        switch header.kind {
        case .connack:
            let packet = try ConnackPacket(bytes, header, version)
            try accepted(packet, in: bytes, at: now, into: &effects)
        case .publish:
            let packet = try PublishPacket(bytes, header, version, from: .server)
            try received(packet, at: now, into: &effects)
        case .puback, .pubrec, .pubrel, .pubcomp:
            let packet = try AcknowledgementPacket(bytes, header, version, from: .server)
            try take(packet, at: now, into: &effects)
        case .suback:
            let packet = try SubackPacket(bytes, header, version)
            try subscribed(packet, in: bytes, at: now, into: &effects)
        case .pingresp:
            _ = try PingPacket(header)
            if connection?.awaited?.kind == .pingresp { connection?.awaited = nil }
        case .disconnect:
            let packet = try DisconnectPacket(bytes, header, version, from: .server)
            dismissed(packet, in: bytes, into: &effects)
        case .connect, .subscribe, .unsubscribe, .unsuback, .pingreq, .auth:
            throw .protocolError(.packetOfOtherRole)
        }
    }

    private mutating func take(
        _ packet: AcknowledgementPacket, at now: Instant, into effects: inout [ClientEffect]
    ) throws(DecodeError) {
        switch packet.kind {
        case .puback: try acknowledged(packet, .puback, at: now, into: &effects)
        case .pubrec: try acknowledged(packet, .pubrec, at: now, into: &effects)
        case .pubcomp: try acknowledged(packet, .pubcomp, at: now, into: &effects)
        default: released(packet, at: now, into: &effects)
        }
    }
}
