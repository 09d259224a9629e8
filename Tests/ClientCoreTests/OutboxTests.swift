// SPDX-License-Identifier: Apache-2.0
//
// The outbox: where messages stand after each fact, and that the records of its facts, read again,
// give the same outbox.
import Journal
import MQTT
import Testing

@testable import ClientCore

@Suite struct OutboxTests {
    private func places(_ outbox: Outbox) -> [Outbox.Standing.Place] {
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
        outbox.apply(.completed(7, .success))
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

@Suite struct OutboxReplayTests {
    /// What a session does with a moody server, journalled with a batch now and then.
    private func history(seed: UInt64) -> (Outbox, [[UInt8]]) {
        var random = SeededGenerator(seed: seed)
        let home = MemoryHome(keepsBatches: true)
        var journal = Journal(home: home)
        var talk = Conversation { $0.inFlightMax = 8 }
        _ = talk.connect()
        for step in 0..<400 {
            let effects = event(step, &talk, &random)
            for case .record(let fact) in effects {
                journal.append(kind: fact.recordKind.rawValue, atMost: fact.recordSizeMax) {
                    fact.write(to: &$0)
                }
            }
            if Int.random(in: 0..<4, using: &random) == 0 { journal.submit() }
        }
        journal.submit()
        return (talk.session.outbox, home.batches)
    }

    private func event(
        _ step: Int, _ talk: inout Conversation, _ random: inout SeededGenerator
    ) -> [ClientEffect] {
        let open = talk.session.outbox.sendingOrder
        let id = open.randomElement(using: &random)
        let isReleased = id.map { talk.session.outbox.flight($0)?.flow == .released } ?? false
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<7:
            let qos = QoS(rawValue: UInt8.random(in: 0...2, using: &random)) ?? .exactlyOnce
            return talk.enqueue(message("\(step)", qos: qos, size: step % 50))
        case 7..<17:
            guard let id, let flight = talk.session.outbox.flight(id) else { return [] }
            if flight.flow == .published1 { return talk.acknowledged(.puback, id) }
            return talk.acknowledged(isReleased ? .pubcomp : .pubrec, id)
        case 17:
            guard let id, !isReleased, talk.session.outbox.flight(id)?.flow == .published2
            else { return [] }
            return talk.acknowledged(.pubrec, id, .quotaExceeded)
        case 18:
            talk.pass(.seconds(5))
            return talk.deadlineReached() + talk.received([0xD0, 0])
        default:
            return talk.reconnect(present: Bool.random(using: &random))
        }
    }

    @Test func replayGivesTheSameOutbox() throws {
        var sawFlights = false
        for seed in 0..<60 {
            let (outbox, batches) = history(seed: UInt64(seed))
            var replayed = Outbox()
            for batch in batches { try replayed.replay(batch.span) }
            #expect(replayed.standings == outbox.standings, "seed \(seed)")
            #expect(replayed.sendingOrder == outbox.sendingOrder, "seed \(seed)")
            #expect(replayed.nextWaiting == outbox.nextWaiting, "seed \(seed)")
            #expect(replayed.nextNumber == outbox.nextNumber, "seed \(seed)")
            sawFlights = sawFlights || outbox.inFlightCount > 2
        }
        #expect(sawFlights, "the histories are of some interest")
    }

    @Test func everyKindComesBackAsItWas() throws {
        let facts: [OutboxFact] = [
            .enqueued(number(1), message("1")),
            .enqueued(number(2), message("2", qos: .atMostOnce)),
            .sent(number(0x0102_0304_0506_0708), 0xABCD), .acknowledged(1),
            .completed(2, .quotaExceeded), .returned(3, .notAuthorized),
            .removed(number(9), .overflow), .removed(number(9), .tooLarge),
            .removed(number(9), .sentOnce), .sessionLost,
        ]
        #expect(Set(facts.map(\.recordKind)) == Set(OutboxRecordKind.allCases))
        for fact in facts {
            let content = bytes(fact.recordSizeMax) { fact.write(to: &$0) }
            #expect(OutboxFact(fact.recordKind, content.span, content.indices) == fact)
            guard fact.recordKind != .sessionLost else { continue }
            for end in 0..<min(content.count, 12) {
                #expect(OutboxFact(fact.recordKind, content.span, 0..<end) == nil)
            }
            if fact.recordKind != .enqueued {
                let longer = content + [0]
                #expect(OutboxFact(fact.recordKind, longer.span, longer.indices) == nil)
            }
        }
    }

    /// The numbers on disk are for ever.
    @Test func kindsKeepTheirNumbers() {
        #expect(
            OutboxRecordKind.allCases.map { "\($0) \($0.rawValue)" } == [
                "enqueued 1", "sent 2", "acknowledged 3", "completed 4", "returned 5",
                "removed 6", "sessionLost 7",
            ])
    }

    @Test func strangeRecordsAreRefused() {
        var outbox = Outbox()
        let unknown: [UInt8] = [99, 0, 0, 0, 0, 0, 0, 0]
        #expect(throws: OutboxReplayError.record(.unknownKind(99, at: 0))) {
            try outbox.replay(unknown.span)
        }
        let short: [UInt8] = [3, 0, 0, 0, 1, 0, 0, 0, 5]
        #expect(throws: OutboxReplayError.malformed(.acknowledged, at: 0)) {
            try outbox.replay(short.span)
        }
        #expect(throws: OutboxReplayError.record(.truncated(at: 0))) {
            try outbox.replay(Array(short.dropLast()).span)
        }
    }
}
