// SPDX-License-Identifier: Apache-2.0
//
// DISCONNECT: its three forms, random round trips, what each end may not send.

import MQTT
import Testing

@Suite struct DisconnectPacketTests {
    @Test func knownBytes() {
        #expect(DisconnectEncoder(.v311).encoded() == [0xE0, 0])
        #expect(DisconnectEncoder(.v5).encoded() == [0xE0, 0])
        #expect(DisconnectEncoder(.v5, .sessionTakenOver).encoded() == [0xE0, 1, 0x8E])
        var encoder = DisconnectEncoder(.v5)
        encoder.sessionExpiry = 7
        #expect(encoder.encoded() == [0xE0, 7, 0, 5, 0x11, 0, 0, 0, 7])
    }

    @Test func roundTrips() throws {
        var random = SplitMix64(seed: 28)
        for _ in 0..<3_000 {
            let sender = random.pick([Role.client, .server])
            let sent = random.disconnect(from: sender)
            let wire = sent.encoded()
            let header = try #require(try FixedHeader.read(wire.span, at: 0))
            let packet = try DisconnectPacket(wire.span, header, .v5, from: sender)
            #expect(packet.reason == sent.reason)
            #expect(packet.sessionExpiry == sent.sessionExpiry)
            #expect(wire.text(packet.reasonString) == sent.reasonString)
            #expect(wire.text(packet.serverReference) == sent.serverReference)
            #expect(wire.userProperties(of: packet.properties) == sent.userProperties)
        }
    }

    @Test func wrongOnes() {
        let cases: [([UInt8], ProtocolVersion, Role, DecodeError?)] = [
            ([], .v311, .client, nil),
            ([], .v311, .server, .protocolError(.packetOfOtherRole)),
            ([0], .v311, .client, .malformed(.trailingBytes)),
            ([0], .v5, .client, nil),
            ([4], .v5, .client, nil),
            ([4], .v5, .server, .protocolError(.reasonCode)),
            ([0x8E], .v5, .server, nil),
            ([0x8E], .v5, .client, .protocolError(.reasonCode)),
            ([0x01], .v5, .client, .protocolError(.reasonCode)),
            ([0, 0, 0], .v5, .client, .malformed(.trailingBytes)),
            ([0, 5, 0x11, 0, 0, 0, 7], .v5, .client, nil),
            // [MQTT-3.14.2-2]
            ([0, 5, 0x11, 0, 0, 0, 7], .v5, .server, .protocolError(.propertyOfOtherRole)),
        ]
        for (body, version, sender, expected) in cases {
            let wire = packet(0xE0, body)
            #expect(refusal(of: wire, version, from: sender) == expected, "\(body) \(sender)")
        }
    }
}
