// SPDX-License-Identifier: Apache-2.0
//
// The outbox: where messages stand after each fact. What its records give is OutboxReplayTests'.
import MQTT
import Testing

@testable import ClientCore

@Suite struct OutboxTests {
    private func places(_ outbox: borrowing Outbox) -> [Outbox.Standing.Place] {
        outbox.standings.map(\.place)
    }

    @Test func aMessageGoesItsWay() {
        var outbox = Outbox()
        outbox.apply(.enqueued(number(1), message("1")))
        #expect(places(outbox) == [.waiting] && outbox.nextWaiting == number(1))
        outbox.apply(.sent(number(1), 7))
        #expect(places(outbox) == [.inFlight(7, .published2)] && outbox.nextWaiting == nil)
        outbox.apply(.acknowledged(7))
        #expect(places(outbox) == [.inFlight(7, .released)])
        outbox.apply(.completed(7, .success, at: Instant(nanoseconds: 5)))
        #expect(outbox.isEmpty && outbox.nextNumber == number(2))
    }

    @Test func whatComesBackComesFirst() {
        var outbox = Outbox()
        for index in 1...4 { outbox.apply(.enqueued(number(UInt64(index)), message("\(index)"))) }
        for index in 1...3 { outbox.apply(.sent(number(UInt64(index)), PacketID(UInt16(index)))) }
        outbox.apply(.returned(3, .quotaExceeded))
        outbox.apply(.returned(1, .quotaExceeded))
        #expect(outbox.nextWaiting == number(1))
        outbox.apply(.sent(number(1), 4))
        #expect(outbox.nextWaiting == number(3))
        outbox.apply(.removed(number(3), .overflow))
        #expect(outbox.nextWaiting == number(4))
        #expect(outbox.sendingOrder == [2, 4], "order is that of sending")
    }

    @Test func aLostSessionLeavesWhatWasNotAnswered() {
        var outbox = Outbox()
        for index in 1...4 { outbox.apply(.enqueued(number(UInt64(index)), message("\(index)"))) }
        for index in 1...3 { outbox.apply(.sent(number(UInt64(index)), PacketID(UInt16(index)))) }
        outbox.apply(.acknowledged(2))
        outbox.apply(.sessionLost)
        #expect(outbox.standings.map(\.number) == [number(1), number(3), number(4)])
        #expect(places(outbox) == [.waiting, .waiting, .waiting])
        #expect(outbox.inFlightCount == 0 && outbox.nextWaiting == number(1))
    }

    /// What is missing may have been said: no identifier, session or number is used again.
    @Test func afterDamageNothingIsTrusted() {
        var outbox = Outbox()
        outbox.apply(.sessionBegun)
        for index in 1...4 { outbox.apply(.enqueued(number(UInt64(index)), message("\(index)"))) }
        for index in 1...2 { outbox.apply(.sent(number(UInt64(index)), PacketID(UInt16(index)))) }
        outbox.apply(.acknowledged(1))
        outbox.apply(.damaged(next: number(1_000)))
        #expect(!outbox.knowsSession && outbox.nextNumber == number(1_000))
        #expect(outbox.standings.map(\.number) == [number(2), number(3), number(4)])
        #expect(places(outbox) == [.waiting, .waiting, .waiting])
        outbox.apply(.enqueued(number(1_000), message("1000")))
        for value in [2, 3, 4, 1_000] {
            #expect(outbox.nextWaiting == number(UInt64(value)))
            outbox.apply(.sent(number(UInt64(value)), PacketID(UInt16(value))))
        }
    }

    /// Any order of removals, and the memory follows what is left.
    @Test func theQueueKeepsItsNumbers() {
        var random = SeededGenerator(seed: 3)
        var queue = NumberedQueue<UInt64>()
        var model: [UInt64] = []
        for _ in 0..<5_000 {
            if model.isEmpty || Bool.random(using: &random) {
                model.append(queue.end.rawValue)
                queue.append(queue.end.rawValue)
            } else {
                let place = Int.random(in: 0..<min(model.count, 5), using: &random)
                #expect(queue.remove(number(model[place])) == model.remove(at: place))
            }
            #expect(queue.count == model.count)
        }
        #expect(queue.numbers.map(\.rawValue) == model)
        #expect(model.allSatisfy { queue[number($0)] == $0 })
        #expect(queue[number(0)] == nil && queue[queue.end] == nil)
    }
}
