// SPDX-License-Identifier: Apache-2.0
// What a connection costs while it only waits: each of these is there once for every client, so a
// field more is bytes times clients.
import Journal
import MQTT
import Testing

@testable import BrokerCore

@Suite struct MemoryTests {
    @Test func whatEveryClientHasIsSmall() {
        #expect(MemoryLayout<Connection>.stride <= 72)
        #expect(MemoryLayout<GatedOutput>.stride <= 56)
        #expect(MemoryLayout<Outlet>.stride <= 112)
        #expect(MemoryLayout<Session>.stride <= 144)
    }
}
