// SPDX-License-Identifier: Apache-2.0
// The ledger is shown every lie that it must not believe, and the replays a changed byte.
import MQTT
import Testing

@testable import Scenes

@Suite struct LedgerTests {
    private let table = """
        # 1 Data
        1.1.1-1  both  B both may not
        1.1.1-2  3.1.1 S the old one must
        1.1.1-2  5.0   S the new one must
        1.1.1-3  5.0   C a client must
        no-name  5.0   S nobody gave it a number
        1.1.1-4  5.0   S not yet
                 pending: next year
        1.1.1-5  both  B never
                 unseen: it is inside
        """

    private func breaches(_ names: [String: Set<ProtocolVersion>]) throws -> [String] {
        let honest: [String: Set<ProtocolVersion>] = [
            "[MQTT-1.1.1-1] a": [.v311, .v5],
            "[3.1.1 MQTT-1.1.1-2] [5.0 MQTT-1.1.1-2] b": [.v311, .v5],
            "[no-name] c": [.v5],
        ]
        let evidence = honest.merging(names, uniquingKeysWith: { $1 })
            .map { Evidence(name: $0.key, versions: $0.value) }
        return Ledger(try Statement.all(in: table), evidence).breaches
    }

    @Test func believesWhatIsShown() throws {
        #expect(try breaches([:]) == [])
        #expect(try breaches(["[5.0 MQTT-1.1.1-3] the answer": [.v5]]) == [])
        #expect(try breaches(["[5.0 MQTT-1.1.1-2, 1.1.1-3] more": [.v5]]) == [])
    }

    @Test func missesATestThatHasNotRun() throws {
        let ledger = Ledger(
            try Statement.all(in: table), [Evidence(name: "[5.0 MQTT-1.1.1-2] b", versions: [.v5])])
        #expect(
            ledger.breaches == [
                "[MQTT-1.1.1-1] both may not: has no test for 3.1.1 and 5.0",
                "[3.1.1 MQTT-1.1.1-2] the old one must: has no test for 3.1.1",
                "[5.0 no-name] nobody gave it a number: has no test for 5.0",
            ])
    }

    @Test func missesAVersionThatNobodySpoke() throws {
        #expect(
            try breaches(["[MQTT-1.1.1-1] a": [.v5]]) == [
                "'[MQTT-1.1.1-1] a' speaks no 3.1.1",
                "[MQTT-1.1.1-1] both may not: has no test for 3.1.1",
            ])
    }

    @Test func knowsWhatIsNotInTheTable() throws {
        for name in ["[MQTT-9.9.9-9]", "[3.1.1 MQTT-1.1.1-3]", "[MQTT-1.1.1-2]", "[a-name]"] {
            let found = try breaches([name: [.v311, .v5]])
            #expect(found.count == 1 && found[0].hasSuffix("which is not known so"))
        }
        #expect(try breaches(["a test": [.v5]]) == ["'a test' names no statement"])
    }

    @Test func acceptsNoReasonForWhatIsShown() throws {
        for id in ["1.1.1-4", "1.1.1-5"] {
            let found = try breaches(["[5.0 MQTT-\(id)] x": [.v5]])
            #expect(found.count == 1 && found[0].hasSuffix("and a reason why it has none"))
        }
    }

    @Test func tellsWhatIsPending() throws {
        let table = Ledger(try Statement.all(in: table), []).table
        #expect(table.contains("PENDING: 1\n  [5.0 MQTT-1.1.1-4] not yet: next year"))
        #expect(table.contains("show: 1\n  [MQTT-1.1.1-5] never: it is inside"))
    }

    @Test func aLineThatSaysNothingIsAnError() {
        for line in ["1.1.1-1 all S words", "1.1.1-1 both X words", "  pending: first", "1 2 3"] {
            #expect(throws: Statement.Unreadable.self) { try Statement.all(in: line) }
        }
    }
}

@Suite struct RecordingTests {
    private func recording() throws -> Recording {
        let scene = Scene(isRecorded: true)
        let (plc, db) = scene.pair(.v5)
        plc.publish("t", "x", qos: 2, id: 1)
        plc.pubrel(1)
        _ = db.received()
        return try #require(scene.recording)
    }

    @Test func allFormsOfAConversationAreTheSame() throws {
        let recording = try recording()
        try recording.replay()
        try recording.cut().replay()
        try recording.glued().replay()
        #expect(recording.cut().events.count > 70)
        #expect(recording.glued().events.count < recording.events.count)
    }

    /// One bit of any answer, and one byte less of any speech, is found.
    @Test func aDifferenceIsFound() throws {
        let recording = try recording()
        for (index, event) in recording.events.enumerated() {
            var changed = recording
            switch event {
            case .read(var bytes, let isClosed, let id) where !bytes.isEmpty:
                bytes[bytes.count - 1] ^= 1
                changed.change(index, .read(bytes, isClosed: isClosed, on: id))
            case .read(let bytes, let isClosed, let id):
                changed.change(index, .read(bytes, isClosed: !isClosed, on: id))
            case .sent(let bytes, let id, _):
                changed.change(index, .sent(bytes.dropLast(), on: id, isWhole: false))
            default: continue
            }
            for form in [changed, changed.cut(), changed.glued()] {
                #expect(throws: Recording.Difference.self) { try form.replay() }
            }
            guard BrokerProcess.isAvailable, case .read(let bytes, _, _) = event,
                !bytes.isEmpty
            else { continue }
            #expect(throws: Recording.Difference.self) {
                try changed.replay(with: BrokerProcess([]))
            }
        }
    }
}
