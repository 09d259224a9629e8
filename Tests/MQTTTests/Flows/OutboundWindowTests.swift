// SPDX-License-Identifier: Apache-2.0
// What a sender has in flight: identifiers, order, quota, and what a new connection repeats.
import Testing

@testable import MQTT

@Suite struct OutboundWindowTests {
    private func send(
        _ count: Int, _ window: inout OutboundWindow<Int>, flow: OutboundFlow = .published2
    ) {
        for _ in 0..<count {
            let id = window.nextID(limit: 65_535)!
            window.open(id, Int(id.rawValue), flow)
        }
    }

    private func resends(_ window: inout OutboundWindow<Int>, limit: Int) -> [PacketID] {
        var ids: [PacketID] = []
        while let (id, flight) = window.nextResend(limit: limit) {
            #expect(flight.flow != .released)
            ids.append(id)
        }
        return ids
    }

    @Test func identifiersCountUpwardsFromOne() {
        var window = OutboundWindow<Int>()
        #expect(window.nextID(limit: 10) == 1)
        // Asking does not take it.
        #expect(window.nextID(limit: 10) == 1)
        send(3, &window)
        #expect(window.close(1) == 1)
        #expect(window.nextID(limit: 10) == 4)
    }

    @Test func theLimitHolds() {
        var window = OutboundWindow<Int>()
        #expect(window.nextID(limit: 0) == nil)
        send(2, &window)
        #expect(window.nextID(limit: 2) == nil)
        #expect(window.nextID(limit: 3) == 3)
        window.release(1)
        #expect(window.nextID(limit: 2) == nil)
        window.close(1)
        #expect(window.nextID(limit: 2) == 3)
    }

    @Test func identifiersGoAroundAndSkipTheOpenOnes() {
        var window = OutboundWindow<Int>()
        send(5, &window)
        for id in [1, 2, 4] as [PacketID] { window.close(id) }
        for number in 6...65_535 as ClosedRange<UInt16> {
            let id = window.nextID(limit: 64)
            guard id == PacketID(number) else {
                Issue.record("\(String(describing: id)) in place of \(number)")
                return
            }
            window.open(id!, 0, .published1)
            window.close(id!)
        }
        for expected in [1, 2, 4, 6] as [PacketID] {
            #expect(window.nextID(limit: 64) == expected)
            window.open(expected, 0, .published1)
            window.close(expected)
        }
        #expect(window.inOrder.map(\.id) == [3, 5])
    }

    @Test func allIdentifiersMayBeOpen() {
        var window = OutboundWindow<Int>()
        send(65_535, &window)
        #expect(window.count == 65_535)
        #expect(window.nextID(limit: .max) == nil)
        window.close(777)
        #expect(window.nextID(limit: .max) == 777)
    }

    @Test func theOrderIsThatOfTheFirstSending() {
        var window = OutboundWindow<Int>()
        for id in [9, 3, 65_535, 1] as [PacketID] { window.open(id, 0, .published2) }
        #expect(window.inOrder.map(\.id) == [9, 3, 65_535, 1])
        window.release(3)
        #expect(window.inOrder.map(\.id) == [9, 3, 65_535, 1])
        #expect(window.inOrder.map(\.flight.flow)[1] == .released)
    }

    /// [MQTT-4.4.0-1]
    @Test func aNewConnectionRepeatsWhatIsNotReleased() {
        var window = OutboundWindow<Int>()
        send(5, &window)
        window.release(2)
        window.release(4)
        #expect(window.used == 5)
        window.connectionChanged()
        #expect(window.owesResends == true)
        #expect(window.used == 2)
        // Nothing new before what is old.
        #expect(window.nextID(limit: 100) == nil)
        #expect(resends(&window, limit: 100) == [1, 3, 5])
        #expect(window.owesResends == false)
        #expect(window.used == 5)
        #expect(window.nextID(limit: 100) == 6)
    }

    @Test func repeatsKeepToTheQuota() {
        var window = OutboundWindow<Int>()
        send(5, &window)
        window.release(1)
        window.connectionChanged()
        #expect(resends(&window, limit: 1) == [])
        #expect(resends(&window, limit: 3) == [2, 3])
        window.close(1)
        #expect(resends(&window, limit: 3) == [4])
        window.release(2)
        #expect(resends(&window, limit: 3) == [])
        window.close(2)
        #expect(resends(&window, limit: 3) == [5])
        #expect(resends(&window, limit: 3) == [])
    }

    @Test func aConnectionThatEndsAmidItsRepeatsOwesThemAll() {
        var window = OutboundWindow<Int>()
        send(4, &window)
        window.connectionChanged()
        #expect(resends(&window, limit: 2) == [1, 2])
        window.connectionChanged()
        #expect(resends(&window, limit: 100) == [1, 2, 3, 4])
    }

    /// An acknowledgement that belongs to the connection before.
    @Test func whatIsAcknowledgedUnrepeatedIsNotRepeated() {
        var window = OutboundWindow<Int>()
        send(4, &window)
        window.connectionChanged()
        window.release(2)
        window.close(3)
        #expect(window.used == 1)
        #expect(resends(&window, limit: 100) == [1, 4])
        #expect(window.inOrder.map(\.flight.flow) == [.published2, .released, .published2])
    }

    @Test func anEmptyWindowGivesItsMemoryBackAndKeepsItsCount() {
        var window = OutboundWindow<Int>()
        send(2, &window, flow: .published1)
        window.close(1)
        window.close(2)
        window.shrinkIfEmpty()
        #expect(window[1] == nil)
        #expect(window.nextID(limit: 1) == 3)
    }
}
