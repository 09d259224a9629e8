// SPDX-License-Identifier: Apache-2.0
//
// Client identifiers are compared by bytes.

import MQTT
import Testing

@Suite struct ClientIDTests {
    @Test func isCopiedFromAPacket() {
        let bytes: [UInt8] = Array("--plc-1--".utf8)
        #expect(ClientID(bytes.span, 2..<7) == ClientID("plc-1"))
        #expect(ClientID(bytes.span, 2..<7).description == "plc-1")
        #expect(ClientID(bytes.span, 4..<4).isEmpty)
    }

    /// [MQTT-4.7.3-4]
    @Test func twoSpellingsOfOneCharacterAreTwoClients() {
        let composed = "\u{E9}"
        let decomposed = "e\u{301}"
        #expect(composed == decomposed)
        #expect(ClientID(composed) != ClientID(decomposed))
    }
}
