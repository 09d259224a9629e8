// SPDX-License-Identifier: Apache-2.0
// Facts as records: their numbers and forms, which never change, and everything that replay refuses
// instead of trapping.
import Journal
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct FactCodingTests {
    /// A conversation that needs every kind of fact.
    private func everything() -> Scene {
        var limits = Limits()
        limits.overflow = .dropOldest
        limits.waitingMax = 1
        limits.queuesQoS0 = true
        let scene = Scene(limits)
        let will = WillEncoder(
            topic: "w", payload: [0x21], qos: .atLeastOnce, delay: 5, messageExpiry: 9)
        let plc = scene.client("plc")
        let db = scene.client("db")
        db.resume(expiry: 70, window: 1)
        db.subscribe("t", qos: 2, identifier: 9)
        db.subscribe("+", qos: 1, identifier: 300)
        plc.resume(expiry: 60, will: will)
        plc.publishWhole("t", "1", id: 7)
        plc.publishWhole("t", "2", id: 8)
        plc.publishWhole("t", "3", id: 9)
        db.pubrec(1)
        db.pubcomp(1)
        db.unsubscribe("+")
        plc.publish("r", "kept", qos: 1, id: 1, retain: true)
        plc.disconnect(expiry: 30)
        plc.resume(expiry: 60)
        plc.lose()
        scene.pass(.seconds(60))
        shareAndWait(scene, db)
        return scene
    }

    /// A member of a share, a QoS 0 message for somebody away, and a retained one that expires.
    private func shareAndWait(_ scene: Scene, _ db: Client) {
        scene.engine.broker.limits.waitingMax = 10
        let plc = scene.client("plc")
        plc.connect()
        db.unsubscribe("t")
        db.subscribe("$share/g/s", qos: 1)
        plc.publish("s", "1", qos: 1, id: 1)
        plc.publish("r", "brief", qos: 1, id: 1, retain: true, expiry: 5)
        plc.connect(expiry: 60)
        plc.publishWhole("s", "2", id: 2)
        db.subscribe("z", qos: 0)
        db.lose()
        scene.pass(.seconds(6))
        plc.publish("z", "0")
        db.resume(expiry: 70)
        db.lose()
        plc.disconnect(expiry: 0)
    }

    private func records(_ batches: [[UInt8]]) throws -> [(kind: UInt16, content: [UInt8])] {
        var records: [(kind: UInt16, content: [UInt8])] = []
        for batch in batches {
            var at = 0
            while let record = try Record.read(batch.span, at: at) {
                records.append((record.kind, Array(batch[record.content])))
                at = record.content.upperBound
            }
        }
        return records
    }

    private func batch(_ records: [(kind: UInt16, content: [UInt8])]) -> [UInt8] {
        records.flatMap { kind, content -> [UInt8] in
            [UInt8(kind & 0xFF), UInt8(kind >> 8), 0, 0]
                + (0..<4).map { UInt8(content.count >> (8 * $0) & 0xFF) } + content
        }
    }

    @Test func everyKindIsWrittenAndUnderstood() throws {
        let scene = everything()
        let kinds = Set(try records(scene.home.batches).map(\.kind))
        #expect(kinds == Set(1...20))
        scene.expectSound()
        scene.expectEnd()
    }

    /// What was written once must be read for ever: these bytes do not change.
    @Test func theFormOfEveryRecordIsFixed() throws {
        let records = try records(everything().home.batches)
        func first(_ kind: FactKind) -> [UInt8] {
            records.first { $0.kind == kind.rawValue }!.content
        }
        let db = Array("db".utf8)
        let none: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]
        let zero: [UInt8] = [0, 0, 0, 0]
        let one: [UInt8] = [1, 0, 0, 0]
        #expect(first(.opened) == zero + [70, 0, 0, 0] + none + zero + zero + zero + one + db)
        #expect(first(.subscribed) == zero + [2, 0, 0, 0] + [9, 0, 0, 0] + [0x74])
        // place, number, never expires, QoS, sizes of topic, properties and payload, body
        #expect(
            first(.stored) == zero + [1, 0, 0, 0, 0, 0, 0, 0]
                + [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F] + [1, 0, 0, 0]
                + [1, 0, 0, 0] + zero + [1, 0, 0, 0] + [0x77, 0x21])
        #expect(
            records.first { $0.kind == 1 && $0.content.last == UInt8(ascii: "c") }?.content
                == [1, 0, 0, 0] + [60, 0, 0, 0] + zero + [5, 0, 0, 0] + [1, 0, 0, 0]
                + [9, 0, 0, 0] + one + Array("plc".utf8))
        #expect(first(.accepted) == [1, 0, 0, 0] + [1, 0, 0, 0] + [7, 0, 0, 0])
        // publisher, its identifier, one receiver: place, identifier and QoS, two identifiers
        #expect(
            first(.released) == [1, 0, 0, 0] + [7, 0, 0, 0] + [1, 0, 0, 0] + zero
                + [1, 0, 2, 0] + [2, 0, 0, 0] + [9, 0, 0, 0] + [0x2C, 1, 0, 0])
        #expect(first(.dropped) == zero + [1, 0, 0, 0])
        #expect(first(.acknowledged) == zero + [1, 0, 0, 0])
        #expect(first(.completed) == zero + [1, 0, 0, 0])
        #expect(first(.sent) == zero + [2, 0, 0, 0])
        #expect(first(.unsubscribed) == zero + [1, 0, 0, 0] + [0x2C, 1, 0, 0] + [0x2B])
        #expect(Array(first(.routed).dropFirst(4)) == [1, 0, 0, 0] + zero)
        #expect(first(.expiryChanged) == [1, 0, 0, 0] + [30, 0, 0, 0])
        #expect(first(.willForgotten) == [1, 0, 0, 0])
        #expect(first(.closed).count == 12)
        #expect(
            first(.resumed)
                == one + [60, 0, 0, 0] + none + zero + zero + zero + one + Array("plc".utf8))
        #expect(first(.ended) == [1, 0, 0, 0])
        #expect(first(.sentOnce) == zero)
        #expect(first(.retainedExpired) == [2, 0, 0, 0])
        // message, not retained, one receiver: place, identifier, QoS 1 and a share, no identifiers
        let share = [10, 0, 0, 0] + Array("$share/g/s".utf8)
        #expect(
            Array(first(.routedToShares).dropFirst(4))
                == zero + one + zero + [0, 0, 0x09, 0] + zero + share)
        #expect(
            Array(first(.releasedToShares).dropFirst(4))
                == [2, 0, 0, 0] + one + zero + [0, 0, 0x09, 0] + zero + share)
    }

    @Test func anUnknownKindIsRefused() {
        for kind in [0, 21, 255, 256, 65_535] as [UInt16] {
            var replay = Replay(seed: 1)
            let batch = batch([(kind, [0, 0, 0, 0])])
            #expect(throws: RecordError.unknownKind(kind, at: 0)) { try replay.batch(batch.span) }
        }
    }

    @Test func aTornBatchIsRefused() throws {
        let batch = batch(try records(everything().home.batches))
        var ends: Set<Int> = [0]
        while let record = try Record.read(batch.span, at: ends.max()!) {
            ends.insert(record.content.upperBound)
        }
        for cut in 0...batch.count {
            var replay = Replay(seed: 1)
            let torn = Array(batch[..<cut])
            if ends.contains(cut) {
                try replay.batch(torn.span)
            } else {
                #expect(throws: RecordError.self) { try replay.batch(torn.span) }
            }
        }
    }

    /// One byte more or less than a fact needs.
    @Test func recordsOfTheWrongLengthAreRefused() throws {
        let records = try records(everything().home.batches)
        // These end in text of any length.
        let open: Set<UInt16> = [1, 2, 6, 7]
        for at in records.indices {
            for content in [records[at].content + [0], records[at].content.dropLast()] {
                guard !open.contains(records[at].kind) else { continue }
                var replay = Replay(seed: 1)
                let before = batch(Array(records[..<at]))
                try replay.batch(before.span)
                let wrong = batch([(records[at].kind, content)])
                #expect(throws: RecordError.malformed(at: 0)) { try replay.batch(wrong.span) }
            }
        }
    }

    /// A fact that does not fit the state: said twice, or about something that is not there.
    @Test func factsThatDoNotFitAreRefused() throws {
        let records = try records(everything().home.batches)
        let needsNothing: Set<UInt16> = [1, 8]
        for (kind, content) in records where !needsNothing.contains(kind) {
            var replay = Replay(seed: 1)
            let alone = batch([(kind, content)])
            #expect(throws: RecordError.malformed(at: 0), "\(kind)") {
                try replay.batch(alone.span)
            }
        }
        for kind in [1, 8, 9, 10, 13, 14] as [UInt16] {
            let at = records.firstIndex { $0.kind == kind }!
            var replay = Replay(seed: 1)
            // Behind a body comes what needs it, or the body is gone.
            let twice = batch(Array(records[...at]) + [records[at]])
            if kind == 8 { continue }
            #expect(throws: RecordError.self, "\(kind)") { try replay.batch(twice.span) }
        }
    }

    @Test func damagedRecordsNeverTrap() throws {
        let records = try records(everything().home.batches)
        var random = SplitMix64(seed: 5)
        var refused = 0
        for _ in 0..<4000 {
            var damaged = records
            for _ in 0...random.upTo(2) {
                let at = random.upTo(damaged.count - 1)
                switch random.upTo(3) {
                case 0: damaged.remove(at: at)
                case 1: damaged.swapAt(at, random.upTo(damaged.count - 1))
                default:
                    guard !damaged[at].content.isEmpty else { continue }
                    let byte = random.upTo(damaged[at].content.count - 1)
                    damaged[at].content[byte] ^= 1 << UInt8(random.upTo(7))
                }
            }
            var replay = Replay(seed: 1)
            replay.placesMax = 1 << 12
            do {
                let batch = batch(damaged)
                try replay.batch(batch.span)
                let state = replay.finish()
                #expect(state.messages.count == state.referencedMessages().count)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 1000)
    }

    /// The fact behind it was on its way to the disk when the power went.
    @Test func aBodyWithoutItsFactIsLetGo() throws {
        let records = try records(everything().home.batches)
        let at = records.firstIndex { $0.kind == FactKind.stored.rawValue }!
        var replay = Replay(seed: 1)
        let batch = batch([records[at]])
        try replay.batch(batch.span)
        #expect(replay.messageCount == 1)
        let state = replay.finish()
        #expect(state.messages.count == 0)
        #expect(state.messages.blocksInUse == 0)
    }
}
