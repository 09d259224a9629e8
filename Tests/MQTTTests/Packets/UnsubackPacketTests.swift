// SPDX-License-Identifier: Apache-2.0
//
// UNSUBACK: known bytes, random round trips, codes of both versions.

import MQTT
import Testing

@Suite struct UnsubackPacketTests {
    @Test func knownBytes() {
        let reasons: [ReasonCode] = [.success, .noSubscriptionExisted]
        #expect(UnsubackEncoder(.v311, 10, reasons).encoded() == [0xB0, 2, 0, 10])
        #expect(UnsubackEncoder(.v5, 10, reasons).encoded() == [0xB0, 5, 0, 10, 0, 0, 0x11])
    }

    @Test func roundTrips() throws {
        var random = SplitMix64(seed: 27)
        for _ in 0..<2_000 {
            let sent = random.unsuback(random.version())
            let wire = sent.encoded()
            let header = try #require(try FixedHeader.read(wire.span, at: 0))
            let packet = try UnsubackPacket(wire.span, header, sent.version)
            #expect(packet.id == sent.id)
            let reasons = wire[packet.reasons].map { ReasonCode(rawValue: $0) }
            #expect(reasons == (sent.version == .v5 ? sent.reasons : []))
            guard sent.version == .v5 else { continue }
            #expect(wire.text(packet.reasonString) == sent.reasonString)
            #expect(wire.userProperties(of: packet.properties) == sent.userProperties)
        }
    }

    @Test func wrongOnes() {
        let cases: [([UInt8], ProtocolVersion, DecodeError)] = [
            ([0, 1, 0], .v311, .malformed(.trailingBytes)),
            ([0, 1, 0], .v5, .protocolError(.noReasonCodes)),
            ([0, 1, 0, 0x01], .v5, .protocolError(.reasonCode)),
            ([0, 0], .v311, .protocolError(.packetIdentifierZero)),
            ([0], .v311, .malformed(.truncated)),
        ]
        for (body, version, expected) in cases {
            let wire = packet(0xB0, body)
            #expect(refusal(of: wire, version, from: .server) == expected, "\(body)")
        }
    }
}
