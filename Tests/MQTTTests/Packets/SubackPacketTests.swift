// SPDX-License-Identifier: Apache-2.0
//
// SUBACK: known bytes, random round trips, codes of both versions.

import MQTT
import Testing

@Suite struct SubackPacketTests {
    /// [MQTT-3.9.3-2]: MQTT 3.1.1 has one code for every failure.
    @Test func knownBytes() {
        let reasons: [ReasonCode] = [.grantedQoS2, .notAuthorized, .topicFilterInvalid]
        #expect(
            SubackEncoder(.v311, 10, reasons).encoded() == [0x90, 5, 0, 10, 2, 0x80, 0x80])
        #expect(
            SubackEncoder(.v5, 10, reasons).encoded() == [0x90, 6, 0, 10, 0, 2, 0x87, 0x8F])
    }

    @Test func roundTrips() throws {
        var random = SplitMix64(seed: 26)
        for _ in 0..<2_000 {
            let sent = random.suback(random.version())
            let wire = sent.encoded()
            let header = try #require(try FixedHeader.read(wire.span, at: 0))
            let packet = try SubackPacket(wire.span, header, sent.version)
            #expect(packet.id == sent.id)
            let reasons = wire[packet.reasons].map { ReasonCode(rawValue: $0) }
            if sent.version == .v5 {
                #expect(reasons == sent.reasons)
                #expect(wire.text(packet.reasonString) == sent.reasonString)
                #expect(wire.userProperties(of: packet.properties) == sent.userProperties)
            } else {
                #expect(reasons == sent.reasons.map { $0.isFailure ? .unspecifiedError : $0 })
            }
        }
    }

    @Test func wrongOnes() {
        let cases: [([UInt8], ProtocolVersion, DecodeError)] = [
            ([0, 1], .v311, .protocolError(.noReasonCodes)),
            ([0, 1, 0], .v5, .protocolError(.noReasonCodes)),
            ([0, 1, 3], .v311, .protocolError(.reasonCode)),
            ([0, 1, 0x87], .v311, .protocolError(.reasonCode)),
            ([0, 1, 0, 0x11], .v5, .protocolError(.reasonCode)),
            ([0, 0, 0], .v311, .protocolError(.packetIdentifierZero)),
            ([0, 1], .v5, .malformed(.truncated)),
        ]
        for (body, version, expected) in cases {
            let wire = packet(0x90, body)
            #expect(refusal(of: wire, version, from: .server) == expected, "\(body)")
        }
    }
}
