// SPDX-License-Identifier: Apache-2.0
//
// UNSUBSCRIBE: known bytes, random round trips, refusals.

import MQTT
import Testing

@Suite struct UnsubscribePacketTests {
    @Test func knownBytes() {
        #expect(
            UnsubscribeEncoder(.v311, 10, ["a", "b/#"]).encoded() == [
                0xA2, 10, 0, 10, 0, 1, 0x61, 0, 3, 0x62, 0x2F, 0x23,
            ])
        #expect(UnsubscribeEncoder(.v5, 1, ["a"]).encoded() == [0xA2, 6, 0, 1, 0, 0, 1, 0x61])
    }

    @Test func roundTrips() throws {
        var random = SplitMix64(seed: 25)
        for _ in 0..<2_000 {
            let sent = random.unsubscribe(random.version())
            let wire = sent.encoded()
            let header = try #require(try FixedHeader.read(wire.span, at: 0))
            let packet = try UnsubscribePacket(wire.span, header, sent.version)
            var found: [String] = []
            var filters = packet.filters.makeIterator()
            while let filter = filters.next(in: wire.span) { found.append(wire.text(filter)!) }
            #expect(packet.id == sent.id)
            #expect(found == sent.filters)
            #expect(packet.filters.count == found.count)
            if sent.version == .v5 {
                #expect(wire.userProperties(of: packet.properties) == sent.userProperties)
            }
        }
    }

    /// [MQTT-3.10.2-1], [MQTT-3.10.2-2]
    @Test func wrongOnes() {
        #expect(refusal(of: packet(0xA2, [0, 1]), .v311) == .protocolError(.noFilters))
        #expect(refusal(of: packet(0xA2, [0, 1, 0]), .v5) == .protocolError(.noFilters))
        #expect(refusal(of: packet(0xA2, [0, 1, 0, 2]), .v311) == .malformed(.truncated))
        #expect(refusal(of: packet(0xA2, [0, 1, 0, 1, 0xC0]), .v311) == .malformed(.notUTF8))
        #expect(
            refusal(of: packet(0xA2, [0, 0] + field("a")), .v311)
                == .protocolError(.packetIdentifierZero))
    }
}
