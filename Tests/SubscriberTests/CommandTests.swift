// SPDX-License-Identifier: Apache-2.0
//
// What `status`, `query` and `schema` show, beside a store that is being written to.
import ArgumentParser
import Foundation
import Testing

@testable import database_subscriber

@Suite struct CommandTests {
    let folder: Folder
    let store: Store

    init() throws {
        folder = try Folder()
        store = try folder.store()
    }

    private func fill() throws {
        _ = try store.publish(1, seq: 1042)
        _ = try store.publish(1, seq: 1042)
        _ = try store.publish(2, seq: 1045)
        _ = try store.publish(3, seq: 1045)
        _ = try store.publish(4, "no reading")
        _ = try store.release(packetID: 2)
        _ = try store.commit()
    }

    @Test func statusOfAnEmptyStore() throws {
        #expect(
            try StatusCommand.lines(of: folder.file, json: false) == [
                "database    \(folder.file)",
                "rows        0",
                "rejected    0",
                "duplicates  0 suppressed, 0 faults",
                "gaps        0, 0 readings missing now",
                "last row    none yet",
                "",
                "client  since                     open  suppressed  refused  conflicts  lost",
                "db      2026-11-23T18:40:00.123Z  0     0           0        0          0",
            ])
    }

    @Test func statusForPeople() throws {
        try fill()
        #expect(
            try StatusCommand.lines(of: folder.file, json: false) == [
                "database    \(folder.file)",
                "rows        2",
                "rejected    1",
                "duplicates  1 suppressed, 1 faults",
                "gaps        1, 2 readings missing now",
                "last row    plc-line1/1045  received 2026-11-23T18:40:00.123Z",
                "",
                "stream     rows  first seq  last seq  gaps  missing",
                "plc-line1  2     1042       1045      1     2",
                "",
                "client  since                     open  suppressed  refused  conflicts  lost",
                "db      2026-11-23T18:40:00.123Z  3     1           1        0          0",
            ])
    }

    @Test func statusForPrograms() throws {
        try fill()
        let lines = try StatusCommand.lines(of: folder.file, json: true)
        #expect(lines.count == 1)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
        let expected = [
            "rows": 2, "rejected": 1, "duplicates_suppressed": 1, "faults": 1, "gaps": 1,
            "missing": 2,
        ]
        for (name, number) in expected {
            #expect(object[name] as? Int == number, "\(name)")
        }
        #expect((object["last"] as? [String: Any])?["seq"] as? Int == 1045)
        #expect((object["streams"] as? [[String: Any]])?.first?["last_seq"] as? Int == 1045)
        #expect((object["sessions"] as? [[String: Any]])?.first?["open"] as? Int == 3)
    }

    @Test func queryShowsTheLastRowsTheNewestAtTheEnd() throws {
        #expect(try QueryCommand.lines(of: folder.file, last: 3, json: false) == ["no rows yet"])
        #expect(try QueryCommand.lines(of: folder.file, last: 3, json: true) == [])
        for seq in Int64(1)...9 {
            _ = try store.publish(nil, seq: seq)
        }
        _ = try store.commit()
        #expect(
            try QueryCommand.lines(of: folder.file, last: 2, json: false) == [
                "message      ts                        temperature  pressure  topic        "
                    + "received at               fields",
                "plc-line1/8  2026-11-23T18:40:00.123Z  24.71        1.42      sensor/data  "
                    + "2026-11-23T18:40:00.123Z",
                "plc-line1/9  2026-11-23T18:40:00.123Z  24.71        1.42      sensor/data  "
                    + "2026-11-23T18:40:00.123Z",
            ])
        #expect(
            try QueryCommand.lines(of: folder.file, last: 1, json: true) == [
                #"{"stream":"plc-line1","seq":9,"ts":"2026-11-23T18:40:00.123Z","#
                    + #""temperature":24.71,"pressure":1.42,"fields":{},"topic":"sensor/data","#
                    + #""received_at":"2026-11-23T18:40:00.123Z"}"#
            ])
    }

    @Test func aReaderSeesWholeCommitsAndDisturbsNobody() throws {
        func rows() throws -> Int64 {
            try Status(of: Schema.openForReading(folder.file)).rows
        }
        _ = try store.publish(1, seq: 1)
        #expect(try rows() == 0)
        let reader = try Schema.openForReading(folder.file)
        try reader.execute("BEGIN")
        #expect(try reader.integer("SELECT count(*) FROM readings") == 0)
        _ = try store.commit()
        #expect(try reader.integer("SELECT count(*) FROM readings") == 0)
        try reader.execute("COMMIT")
        #expect(try reader.integer("SELECT count(*) FROM readings") == 1)
        #expect(try rows() == 1)
    }

    @Test func textOfASenderDoesNotSteerTheTerminal() throws {
        // Control characters cannot be in a stream; C1 and the direction marks can.
        let steering = "a\u{9b}31m\u{202e}b\u{e0041}"
        let payload = reading(1, stream: steering).replacing(
            "\"seq\"", with: "\"\(steering)\":\"\(steering)\",\"seq\"")
        #expect(
            try store.publish(nil, payload)
                == .stored(MessageID(stream: steering, seq: 1), .first))
        _ = try store.commit()
        for json in [false, true] {
            let lines =
                try StatusCommand.lines(of: folder.file, json: json)
                + QueryCommand.lines(of: folder.file, last: 1, json: json)
            for line in lines {
                let scalars = Set(line.unicodeScalars)
                #expect(scalars.isDisjoint(with: ["\u{9b}", "\u{202e}", "\u{e0041}"]), "\(line)")
            }
        }
        let row = try QueryCommand.lines(of: folder.file, last: 1, json: true)[0]
        let object = try JSONSerialization.jsonObject(with: Data(row.utf8)) as? [String: Any]
        #expect(object?["stream"] as? String == steering)
        #expect(object?["fields"] as? [String: String] == [steering: steering])
    }

    @Test func theDatabaseIsNamedByPathOrScheme() throws {
        #expect(DatabaseLocation(argument: "a.db")?.path == "a.db")
        #expect(DatabaseLocation(argument: "sqlite:/var/a.db")?.path == "/var/a.db")
        #expect(DatabaseLocation(argument: "sqlite:") == nil)
        #expect(DatabaseLocation(argument: "") == nil)
        #expect(DatabaseLocation(argument: "postgresql://host/db") == nil)
    }

    @Test func whatIsAskedWronglyIsAUsageError() {
        for arguments in [
            ["status", "-h"], ["query", "--last", "0"], ["query", "--last", "x"], ["nonsense"],
            ["status", "--database", "postgresql://host/db"],
        ] {
            #expect {
                _ = try DatabaseSubscriber.parseAsRoot(arguments)
            } throws: {
                DatabaseSubscriber.exitCode(for: $0) == .validationFailure
            }
        }
        #expect(ExitCode.validationFailure.rawValue == 64)
    }
}
