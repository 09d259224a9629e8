// SPDX-License-Identifier: Apache-2.0
//
// Conversations with the store: PUBLISH, PUBREL, commit, and what each leaves in the file.
import CSQLite
import Testing

@testable import database_subscriber

@Suite struct StoreTests {
    let folder: Folder
    let store: Store

    init() throws {
        folder = try Folder()
        store = try folder.store()
    }

    @Test func aMessageBecomesARowAndAnIdentifier() throws {
        let payload = """
            {"stream":"plc-line1","seq":1042,"ts":"2026-11-23T18:40:00.123Z",\
            "temperature":24.71,"pressure":1.42,"vibration": 0.10}
            """
        #expect(try store.publish(5, payload) == .stored(line1(1042), .first))
        let report = try store.commit()
        #expect(report == CommitReport(rows: 1, first: line1(1042), last: line1(1042)))

        let columns = "stream, seq, ts, temperature, pressure, fields, topic, payload, received_at"
        #expect(
            try ask(folder.file, "SELECT \(columns) FROM readings", columns: 9) == [
                "plc-line1|1042|2026-11-23T18:40:00.123Z|24.71|1.42|{\"vibration\":0.10}|"
                    + "sensor/data|\(payload)|2026-11-23T18:40:00.123Z"
            ])
        #expect(
            try ask(folder.file, "SELECT * FROM inbound", columns: 4) == ["db|5|plc-line1|1042"])
        #expect(try store.storedIdentifiers() == [5])
    }

    @Test func nothingIsBegunBeforeTheFirstChangeOfATurn() throws {
        #expect(!store.hasOpenTransaction)
        #expect(try store.commit() == CommitReport())
        _ = try store.publish(1, seq: 1)
        #expect(store.hasOpenTransaction)
        _ = try store.commit()
        #expect(!store.hasOpenTransaction)
        _ = try store.release(packetID: 1)
        #expect(store.hasOpenTransaction)
    }

    @Test func aRepeatWithinTheTurnAddsNothing() throws {
        #expect(try store.publish(7, seq: 1) == .stored(line1(1), .first))
        #expect(try store.publish(7, seq: 1) == .repeated(line1(1)))
        #expect(
            try store.commit()
                == CommitReport(rows: 1, repeated: 1, first: line1(1), last: line1(1)))
        #expect(try ask(folder.file, "SELECT count(*) FROM readings") == ["1"])
        #expect(try ask(folder.file, "SELECT duplicates_suppressed FROM session") == ["1"])
    }

    @Test func aRepeatAfterTheCommitAddsNothing() throws {
        _ = try store.publish(7, seq: 1)
        _ = try store.commit()
        #expect(try store.publish(7, seq: 1) == .repeated(line1(1)))
        _ = try store.commit()
        #expect(try ask(folder.file, "SELECT count(*) FROM readings") == ["1"])
    }

    @Test func aRepeatAfterARestartAddsNothing() throws {
        _ = try store.publish(7, seq: 1)
        _ = try store.commit()
        let restarted = try folder.store()
        #expect(try restarted.storedIdentifiers() == [7])
        #expect(try restarted.publish(7, seq: 1) == .repeated(line1(1)))
        #expect(try restarted.release(packetID: 7) == .released(line1(1)))
        _ = try restarted.commit()
        #expect(try folder.store().storedIdentifiers() == [])
        #expect(try ask(folder.file, "SELECT count(*) FROM readings") == ["1"])
    }

    @Test func aReleasedIdentifierIsFreeForTheNextMessage() throws {
        _ = try store.publish(7, seq: 1)
        #expect(try store.release(packetID: 7) == .released(line1(1)))
        #expect(try store.publish(7, seq: 2) == .stored(line1(2), .next))
        #expect(
            try store.commit()
                == CommitReport(rows: 2, released: 1, first: line1(1), last: line1(2)))
        #expect(try store.storedIdentifiers() == [7])
    }

    @Test func aReleaseIsAnsweredTwiceAndCountedOnce() throws {
        _ = try store.publish(7, seq: 1)
        #expect(try store.release(packetID: 7) == .released(line1(1)))
        #expect(try store.release(packetID: 7) == .unknownIdentifier)
        #expect(try store.commit().released == 1)
    }

    @Test func aRejectedMessageHasAnIdentifierToo() throws {
        #expect(try store.publish(3, "hello") == .rejected(.notJSON(expected: "'{'", offset: 0)))
        #expect(try store.publish(3, "hello") == .repeated(nil))
        #expect(try store.commit() == CommitReport(rejected: 1, repeated: 1))
        #expect(
            try ask(
                folder.file, "SELECT client_id, topic, payload, reason, received_at FROM rejected",
                columns: 5)
                == [
                    "db|sensor/data|hello|payload is not JSON: expected '{' at byte 0|"
                        + "2026-11-23T18:40:00.123Z"
                ])
        #expect(try store.storedIdentifiers() == [3])
        #expect(try store.release(packetID: 3) == .released(nil))
    }

    @Test func bytesThatAreNoTextAreKeptAsTheyCame() throws {
        let payload: [UInt8] = [0xff, 0x00, 0xfe]
        let outcome = try store.receive(
            packetID: 3, topic: [UInt8]("a".utf8).span, payload: payload.span, receivedAt: now)
        #expect(outcome == .rejected(.notUTF8(offset: 0)))
        _ = try store.commit()
        #expect(try ask(folder.file, "SELECT hex(payload) FROM rejected") == ["FF00FE"])
        _ = try store.publish(4, "")
        _ = try store.commit()
        #expect(
            try ask(folder.file, "SELECT reason, typeof(payload) FROM rejected", columns: 2)
                == ["payload is not UTF-8 (byte 0)|blob", "payload is empty|blob"])
    }

    @Test func theSecondLockActsAndIsAFault() throws {
        _ = try store.publish(7, seq: 1)
        _ = try store.release(packetID: 7)
        let outcome = try store.publish(8, seq: 1)
        #expect(outcome == .duplicateRow(line1(1), samePayload: true))
        #expect(outcome.isFault)
        #expect(try store.commit().faults == 1)
        #expect(try ask(folder.file, "SELECT count(*) FROM readings") == ["1"])
        #expect(try ask(folder.file, "SELECT count(*) FROM rejected") == ["0"])
        #expect(try ask(folder.file, "SELECT duplicates_refused FROM session") == ["1"])
        // Its handshake goes on all the same.
        #expect(try store.release(packetID: 8) == .released(line1(1)))
    }

    @Test func aRefusedRowWithAnotherPayloadDoesNotVanish() throws {
        _ = try store.publish(7, seq: 1)
        let other = reading(1, temperature: "30.5")
        #expect(try store.publish(8, other) == .duplicateRow(line1(1), samePayload: false))
        _ = try store.commit()
        #expect(
            try ask(folder.file, "SELECT payload, reason FROM rejected", columns: 2)
                == ["\(other)|plc-line1/1 is stored already, with another payload"])
        #expect(try ask(folder.file, "SELECT temperature FROM readings") == ["24.71"])
    }

    @Test func anOpenIdentifierGivenToAnotherMessageIsAFault() throws {
        _ = try store.publish(7, seq: 1)
        let outcome = try store.publish(7, seq: 2)
        #expect(outcome == .identifierConflict(recorded: line1(1), arrived: line1(2)))
        #expect(outcome.isFault)
        _ = try store.commit()
        #expect(try ask(folder.file, "SELECT seq FROM readings") == ["1"])
        #expect(
            try ask(folder.file, "SELECT payload, reason FROM rejected", columns: 2)
                == ["\(reading(2))|packet identifier 7 still stands for plc-line1/1"])
        #expect(try ask(folder.file, "SELECT identifier_conflicts FROM session") == ["1"])
    }

    @Test func withoutAnIdentifierTheKeySuppressesRepeats() throws {
        #expect(try store.publish(nil, seq: 1) == .stored(line1(1), .first))
        #expect(try store.publish(nil, seq: 1) == .repeated(line1(1)))
        #expect(
            try store.publish(nil, reading(1, temperature: "1"))
                == .duplicateRow(line1(1), samePayload: false))
        _ = try store.commit()
        #expect(try store.storedIdentifiers() == [])
        #expect(try ask(folder.file, "SELECT count(*) FROM readings") == ["1"])
    }

    @Test func aLostSessionForgetsItsIdentifiersAndNoOthers() throws {
        let other = try folder.store(clientID: "archive")
        _ = try other.publish(7, reading(1, stream: "b"))
        _ = try other.commit()
        _ = try store.publish(7, seq: 1)
        _ = try store.commit()
        try store.forgetSession()
        #expect(try store.publish(7, seq: 2) == .stored(line1(2), .next))
        _ = try store.commit()
        #expect(try store.storedIdentifiers() == [7])
        #expect(try other.storedIdentifiers() == [7])
        #expect(
            try ask(folder.file, "SELECT client_id, sessions_lost FROM session", columns: 2)
                == ["archive|0", "db|1"])
        #expect(
            try ask(folder.file, "SELECT client_id, stream, seq FROM inbound", columns: 3)
                == ["archive|b|1", "db|plc-line1|2"])
    }

    @Test func everyIdentifierIsPossibleAndZeroIsNot() throws {
        _ = try store.publish(1, seq: 1)
        _ = try store.publish(65_535, seq: 2)
        _ = try store.commit()
        #expect(try store.storedIdentifiers() == [1, 65_535])
        #expect(throws: DatabaseError.self) { try store.publish(0, seq: 3) }
    }
}
