// SPDX-License-Identifier: Apache-2.0
//
// The numbers, names and flags of the control packets, against the table of the standard.

import MQTT
import Testing

@Suite struct PacketKindTests {
    @Test func numbersAndNamesAreThoseOfTheStandard() {
        let names = [
            "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE",
            "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH",
        ]
        for (index, name) in names.enumerated() {
            #expect(PacketKind(rawValue: UInt8(index + 1))?.description == name)
        }
        #expect(PacketKind(rawValue: 0) == nil)
        #expect(PacketKind(rawValue: 16) == nil)
    }

    /// [MQTT-2.1.3-1]
    @Test func threeKindsCarryAFlag() {
        let flagged = PacketKind.allCases.filter { $0.requiredFlags != 0 }
        #expect(flagged == [.pubrel, .subscribe, .unsubscribe])
        #expect(flagged.allSatisfy { $0.requiredFlags == 0b0010 })
    }
}
