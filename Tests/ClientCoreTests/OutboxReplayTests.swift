// SPDX-License-Identifier: Apache-2.0
//
// The records of an outbox's facts, read again, give the same outbox; so does its checkpoint; and
// what does not fit is refused.
import Journal
import MQTT
import Testing

@testable import ClientCore

@Suite struct OutboxReplayTests {
    private struct History: ~Copyable {
        var talk = Conversation { $0.inFlightMax = 8 }
        var batches: [[UInt8]] = []
    }

    /// What a session does with a moody server, journalled with a batch now and then.
    private func history(seed: UInt64) -> History {
        var random = SeededGenerator(seed: seed)
        let home = MemoryHome(keepsBatches: true)
        var journal = Journal(home: home)
        var history = History()
        _ = history.talk.connect()
        for step in 0..<400 {
            let effects = event(step, &history.talk, &random)
            for case .record(let fact) in effects {
                journal.append(kind: fact.recordKind.rawValue, atMost: fact.recordSizeMax) {
                    fact.write(to: &$0)
                }
            }
            if Int.random(in: 0..<4, using: &random) == 0 { journal.submit() }
        }
        journal.submit()
        history.batches = home.batches
        return history
    }

    @Test func replayGivesTheSameOutbox() throws {
        var sawFlights = false
        for seed in 0..<60 {
            let history = history(seed: UInt64(seed))
            let again = try replayed(history.batches)
            expectSame(again, history.talk.session.outbox, seed)
            #expect(again.nextWaiting == history.talk.session.outbox.nextWaiting, "seed \(seed)")
            sawFlights = sawFlights || again.inFlightCount > 2
        }
        #expect(sawFlights, "the histories are of some interest")
    }

    @Test func everyKindComesBackAsItWas() throws {
        let facts: [OutboxFact] = [
            .enqueued(number(1), message("1")),
            .enqueued(number(2), message("2", qos: .atMostOnce)),
            .sent(number(0x0102_0304_0506_0708), 0xABCD), .acknowledged(1),
            .completed(2, .quotaExceeded, at: Instant(nanoseconds: -7)),
            .returned(3, .notAuthorized),
            .removed(number(9), .overflow), .removed(number(9), .tooLarge),
            .removed(number(9), .sentOnce), .sessionLost, .sessionBegun, .noted([1, 2]),
            .noted([]), .numbered(number(77)), .flying(number(3), 9, .released),
            .delivered(number(4), at: Instant(nanoseconds: 1 << 40)), .damaged(next: number(8)),
        ]
        #expect(Set(facts.map(\.recordKind)) == Set(OutboxRecordKind.allCases))
        for fact in facts {
            let content = bytes(fact.recordSizeMax) { fact.write(to: &$0) }
            #expect(OutboxFact(fact.recordKind, content.span, content.indices) == fact)
            guard ![.sessionLost, .sessionBegun, .noted].contains(fact.recordKind) else { continue }
            for end in 0..<min(content.count, 20) {
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
                "enqueued 101", "sent 102", "acknowledged 103", "completed 104", "returned 105",
                "removed 106", "sessionLost 107", "sessionBegun 108", "noted 109", "numbered 110",
                "flying 111", "delivered 112", "damaged 113",
            ])
    }

    @Test func strangeRecordsAreRefused() {
        var outbox = Outbox()
        let unknown: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0]
        #expect(throws: RecordError.unknownKind(1, at: 0)) { try outbox.batch(unknown.span) }
        let short: [UInt8] = [103, 0, 0, 0, 1, 0, 0, 0, 5]
        #expect(throws: RecordError.malformed(at: 0)) { try outbox.batch(short.span) }
        #expect(throws: RecordError.truncated(at: 0)) {
            try outbox.batch(Array(short.dropLast()).span)
        }
    }

    /// What no outbox of ours would have written is refused with its place, and applied to nothing.
    @Test func factsThatDoNotFitAreRefused() throws {
        var outbox = Outbox()
        outbox.apply(.enqueued(number(1), message("1")))
        outbox.apply(.enqueued(number(2), message("2", qos: .atLeastOnce)))
        outbox.apply(.enqueued(number(3), message("3")))
        outbox.apply(.sent(number(1), 7))
        let misfits: [OutboxFact] = [
            .enqueued(number(5), message("5")), .enqueued(number(3), message("3")),
            .sent(number(3), 8), .sent(number(2), 7), .acknowledged(8),
            .completed(8, .success, at: Instant(nanoseconds: 0)), .returned(8, .quotaExceeded),
            .removed(number(1), .overflow), .removed(number(3), .overflow),
            .numbered(number(3)), .numbered(number(1 << 40)), .damaged(next: number(2)),
            .flying(number(1), 9, .published2),
            .flying(number(2), 7, .published1), .flying(number(2), 9, .released),
            .flying(number(3), 9, .published1), .flying(number(4), 9, .published2),
        ]
        let standings = outbox.standings
        for fact in misfits {
            let records = records([fact])
            #expect(throws: RecordError.malformed(at: 0), "\(fact)") {
                try outbox.batch(records.span)
            }
            #expect(outbox.standings == standings)
        }
        let fitting = records([.sent(number(2), 8), .flying(number(3), 9, .released)])
        try outbox.batch(fitting.span)
        #expect(outbox.sendingOrder == [7, 8, 9])
    }

    private func records(_ facts: [OutboxFact]) -> [UInt8] {
        let home = MemoryHome(keepsBatches: true)
        var journal = Journal(home: home)
        for fact in facts { fact.append(to: &journal) }
        journal.submit()
        return home.batches[0]
    }
}

@Suite struct OutboxCheckpointTests {
    private func checkpoint(of outbox: borrowing Outbox) -> [[UInt8]] {
        let home = MemoryHome(keepsBatches: true)
        var journal = Journal(home: home)
        outbox.write(into: &journal)
        journal.submit()
        return home.batches
    }

    /// After any history, the checkpoint gives an outbox that stands as the one it was made of, and
    /// that goes on as that one does.
    @Test func aCheckpointIsTheOutbox() throws {
        for seed in 0..<60 {
            var random = SeededGenerator(seed: UInt64(1_000 + seed))
            var talk = Conversation { $0.inFlightMax = 8 }
            _ = talk.connect()
            for step in 0..<300 { _ = event(step, &talk, &random) }
            let batches = checkpoint(of: talk.session.outbox)
            var again = try replayed(batches)
            expectSame(again, talk.session.outbox, seed)
            #expect(again.lastDelivery == talk.session.outbox.lastDelivery, "seed \(seed)")
            #expect(again.knowsSession && talk.session.outbox.knowsSession)
            #expect(
                checkpoint(of: again).joined().elementsEqual(batches.joined()),
                "canonical, seed \(seed)")

            while let next = talk.session.outbox.nextWaiting {
                #expect(again.nextWaiting == next, "seed \(seed)")
                talk.session.outbox.apply(.removed(next, .overflow))
                again.apply(.removed(next, .overflow))
            }
            expectSame(again, talk.session.outbox, seed)
            #expect(again.nextWaiting == nil)
        }
    }

    @Test func theSmallestCheckpoints() throws {
        let nothing = checkpoint(of: Outbox())
        let empty = try replayed(nothing)
        #expect(empty.nextNumber == number(1) && nothing.joined().isEmpty)
        #expect(!empty.knowsSession && empty.note.isEmpty)

        var used = Outbox()
        used.apply(.noted([7, 8]))
        for index in 1...3 {
            used.apply(.enqueued(number(UInt64(index)), message("\(index)")))
            used.apply(.removed(number(UInt64(index)), .overflow))
        }
        let again = try replayed(checkpoint(of: used))
        #expect(again.nextNumber == number(4), "numbers go on")
        #expect(again.note == [7, 8] && again.isEmpty)
    }
}

private func replayed(_ batches: [[UInt8]]) throws(RecordError) -> Outbox {
    var outbox = Outbox()
    for batch in batches { try outbox.batch(batch.span) }
    return outbox
}

/// Messages, resends and numbers.
private func expectSame(
    _ one: borrowing Outbox, _ other: borrowing Outbox, _ seed: Int,
    _ place: SourceLocation = #_sourceLocation
) {
    #expect(one.standings == other.standings, "seed \(seed)", sourceLocation: place)
    #expect(one.sendingOrder == other.sendingOrder, "seed \(seed)", sourceLocation: place)
    #expect(one.nextNumber == other.nextNumber, "seed \(seed)", sourceLocation: place)
}

/// Something that happens to a session with a moody server.
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
