// SPDX-License-Identifier: Apache-2.0
//
// PINGREQ and PINGRESP.

import MQTT
import Testing

@Suite struct PingPacketTests {
    @Test func theShortFormIsOneWord() throws {
        for (kind, expected) in [
            (PacketKind.pingreq, [0xC0, 0] as [UInt8]), (.pingresp, [0xD0, 0]),
        ] {
            let wire = written(2) { $0.append(word: PingPacket.shortForm(kind)) }
            #expect(wire == expected)
            let header = try #require(try FixedHeader.read(wire.span, at: 0))
            #expect(try PingPacket(header).kind == kind)
        }
    }

    @Test func aBodyIsMalformed() {
        #expect(refusal(of: [0xC0, 1, 0], .v311) == .malformed(.trailingBytes))
        #expect(refusal(of: [0xD0, 1, 0], .v5, from: .server) == .malformed(.trailingBytes))
    }
}
