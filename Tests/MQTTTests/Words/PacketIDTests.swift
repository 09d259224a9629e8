// SPDX-License-Identifier: Apache-2.0
//
// The range of packet identifiers.

import MQTT
import Testing

@Suite struct PacketIDTests {
    @Test func zeroIsNone() {
        #expect(PacketID(rawValue: 0) == nil)
        #expect(PacketID(rawValue: 1)?.rawValue == 1)
        #expect(PacketID(rawValue: 65_535) == 65_535)
    }

    @Test func identifiersAreOrderedByNumber() {
        let ids: [PacketID] = [3, 1, 2]
        #expect(ids.sorted() == [1, 2, 3])
        #expect(PacketID(256).description == "256")
    }
}
