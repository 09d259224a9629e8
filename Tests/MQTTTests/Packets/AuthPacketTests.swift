// SPDX-License-Identifier: Apache-2.0
//
// AUTH: random round trips and refusals.

import MQTT
import Testing

@Suite struct AuthPacketTests {
    @Test func knownBytes() {
        let encoder = AuthEncoder(
            .continueAuthentication, authenticationMethod: "m", authenticationData: [9])
        #expect(
            encoder.encoded() == [0xF0, 10, 0x18, 8, 0x15, 0, 1, 0x6D, 0x16, 0, 1, 9])
    }

    @Test func roundTrips() throws {
        var random = SplitMix64(seed: 29)
        for _ in 0..<2_000 {
            let sender = random.pick([Role.client, .server])
            let sent = random.auth(from: sender)
            let wire = sent.encoded()
            let header = try #require(try FixedHeader.read(wire.span, at: 0))
            let packet = try AuthPacket(wire.span, header, .v5, from: sender)
            #expect(packet.reason == sent.reason)
            #expect(wire.text(packet.authenticationMethod) == sent.authenticationMethod)
            #expect(wire.bytes(packet.authenticationData) == sent.authenticationData)
            #expect(wire.text(packet.reasonString) == sent.reasonString)
            #expect(wire.userProperties(of: packet.properties) == sent.userProperties)
        }
    }

    @Test func wrongOnes() {
        let method: [UInt8] = [4, 0x15, 0, 1, 0x6D]
        let cases: [([UInt8], ProtocolVersion, Role, DecodeError?)] = [
            ([], .v311, .client, .malformed(.reservedPacketType)),
            ([], .v5, .server, nil),
            ([], .v5, .client, .protocolError(.reasonCode)),
            ([0x18], .v5, .client, .protocolError(.methodMissing)),
            ([0x18, 0], .v5, .server, .protocolError(.methodMissing)),
            ([0x18] + method, .v5, .client, nil),
            ([0x19] + method, .v5, .client, nil),
            ([0x19] + method, .v5, .server, .protocolError(.reasonCode)),
            ([0x00] + method, .v5, .client, .protocolError(.reasonCode)),
            ([0x18] + method + [0], .v5, .client, .malformed(.trailingBytes)),
        ]
        for (body, version, sender, expected) in cases {
            let wire = packet(0xF0, body)
            #expect(refusal(of: wire, version, from: sender) == expected, "\(body) \(sender)")
        }
    }
}
