// SPDX-License-Identifier: Apache-2.0
//
// Recordings: what is read from a CSV file, and in which words a bad one is refused.
import MQTT
import Testing

@testable import plc_publisher

@Suite struct RecordingTests {
    private func recording(_ text: String) throws -> Recording {
        try Recording(Array(text.utf8), file: "a.csv")
    }

    private func readings(_ text: String) throws -> [Reading] {
        var recording = try recording(text)
        var readings: [Reading] = []
        while let reading = try recording.next() { readings.append(reading) }
        #expect(readings.count == recording.count)
        return readings
    }

    private func refusal(_ text: String) -> String {
        do {
            _ = try recording(text)
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    @Test func aSourceGoesOnBehindWhatWasTaken() throws {
        let text =
            "ts,temperature,pressure\n"
            + (1...5).map { "2026-01-01T00:00,\($0),1\n" }.joined()
        for taken in 0...5 {
            var source = Source.recorded(try recording(text), after: taken)
            #expect(source.remaining == 5 - taken)
            var rest: [String] = []
            while let reading = try source.next(at: Instant(nanoseconds: 0)) {
                rest.append(reading.temperature)
            }
            #expect(rest == (1...5).dropFirst(taken).map { "\($0)" })
        }
    }

    @Test func valuesStayAsTheyAreWritten() throws {
        #expect(
            try readings(
                """
                ts,temperature,pressure
                2026-01-01T00:00:00Z,20.10,1.000
                2026-01-01 00:00:03,-0,1e0

                """) == [
                    Reading(ts: "2026-01-01T00:00:00Z", temperature: "20.10", pressure: "1.000"),
                    Reading(ts: "2026-01-01 00:00:03", temperature: "-0", pressure: "1e0"),
                ])
    }

    /// Any order of columns; numbers remain numbers, the rest becomes text.
    @Test func furtherColumnsBecomeFields() throws {
        let text = "humid,pressure,origin,ts,temperature\n59.370,1012.0,,2013-01-01T06:00,39\n"
        let reading = try #require(try readings(text).first)
        #expect(reading.temperature == "39" && reading.pressure == "1012.0")
        #expect(
            reading.further == [
                .init(name: "humid", json: "59.370"), .init(name: "origin", json: "\"\""),
            ])
    }

    @Test func linesEndAsTheyLike() throws {
        let rows = ["ts,temperature,pressure", "2026-01-01T00:00,1,2", "2026-01-01T00:01,3,4"]
        let expected = try readings(rows.joined(separator: "\n"))
        #expect(expected.count == 2)
        #expect(try readings(rows.joined(separator: "\r\n") + "\r\n") == expected)
        #expect(try readings("\u{FEFF}\n" + rows.joined(separator: "\n\n") + "\n\n\n") == expected)
    }

    @Test func quotedCellsMayHoldAnything() throws {
        let reading = try #require(
            try readings(
                "ts,temperature,pressure,\"a,b\"\n\"2026-01-01T00:00\",\"1\",2,\"x\"\"y\r\nz,\"\n"
            )
            .first)
        #expect(reading.further == [.init(name: "a,b", json: #""x\"y\r\nz,""#)])
    }

    @Test func everyRefusalNamesItsLine() {
        let head = "ts,temperature,pressure\n"
        let row = "2026-01-01T00:00:00Z,20,1\n"
        let cases = [
            ("", "a.csv:1: has no header: the first line must name the columns"),
            (
                "ts,temperature\n",
                "a.csv:1: the header has no column 'pressure': "
                    + "ts, temperature and pressure are needed"
            ),
            (
                "ts,temperature,pressure,seq\n",
                "a.csv:1: column 'seq' is ours: "
                    + "the publisher counts anew"
            ),
            ("ts,temperature,pressure,\n", "a.csv:1: column 4 has no name of its own"),
            ("ts,temperature,pressure,ts\n", "a.csv:1: column 4 has no name of its own"),
            (head + "2026-01-01T00:00:00Z,warm,1.1\n", "a.csv:2: temperature 'warm' is no number"),
            (head + row + "2026-01-01T00:00:00Z,1,\n", "a.csv:3: pressure '' is no number"),
            (
                head + row + "\n2026-01-01T00:00Z,1\n",
                "a.csv:4: 2 values for the header's 3 columns"
            ),
            (head + "yesterday,1,2\n", "a.csv:2: ts 'yesterday' is no date and time by ISO 8601"),
            (head + row + "\"2026,1,2\n", "a.csv:3: a quote is not closed"),
            (head + "\"2026\"x,1,2\n", "a.csv:2: text behind a closing quote"),
        ]
        for (text, words) in cases { #expect(refusal(text) == words) }
        #expect(throws: RecordingError(file: "b", line: 2, message: "is not UTF-8 text")) {
            try Recording(Array(head.utf8) + [0xFF, 0x2C, 0x31, 0x2C, 0x31], file: "b")
        }
    }

    /// A quoted cell with line breaks in it: the lines are counted, the record's first one is told.
    @Test func linesAreCountedInsideOfQuotes() {
        let text =
            "ts,temperature,pressure,note\n2026-01-01T00:00,1,2,\"a\nb\nc\"\n"
            + "2026-01-01T00:00,x,2,\n"
        #expect(refusal(text) == "a.csv:5: temperature 'x' is no number")
    }
}
