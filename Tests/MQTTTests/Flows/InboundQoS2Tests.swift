// SPDX-License-Identifier: Apache-2.0
// The receiving half of QoS 2: all transitions of its picture.
import Testing

@testable import MQTT

@Suite struct InboundQoS2Tests {
    @Test func anIdentifierIsUnknownThenStoredThenUnknown() {
        var inbound = InboundQoS2<String>()
        #expect(inbound.arrival(of: 7) == .first)
        #expect(inbound.held(for: 7) == nil)
        inbound.store("message", under: 7)
        for _ in 0..<3 {
            #expect(inbound.arrival(of: 7) == .repeated)
            #expect(inbound.held(for: 7) == "message")
        }
        #expect(inbound.release(7) == "message")
        #expect(inbound.arrival(of: 7) == .first)
        #expect(inbound.held(for: 7) == nil)
        inbound.store("next", under: 7)
        #expect(inbound.release(7) == "next")
    }

    @Test func identifiersDoNotTouchEachOther() {
        var inbound = InboundQoS2<UInt16>()
        for id in [65_535, 1, 300] as [PacketID] { inbound.store(id.rawValue, under: id) }
        #expect(inbound.count == 3)
        #expect(inbound.ids == [1, 300, 65_535])
        #expect(inbound.release(300) == 300)
        #expect(inbound.arrival(of: 300) == .first)
        #expect(inbound.arrival(of: 1) == .repeated)
        #expect(inbound.ids == [1, 65_535])
    }

    /// A client that has stored the message by the time it acknowledges holds nothing.
    @Test func aReceiverMayHoldNothing() {
        var inbound = InboundQoS2<Void>()
        inbound.store((), under: 1)
        #expect(inbound.arrival(of: 1) == .repeated)
        inbound.release(1)
        inbound.shrinkIfEmpty()
        #expect(inbound.count == 0)
        #expect(inbound.arrival(of: 1) == .first)
    }
}
