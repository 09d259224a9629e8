// SPDX-License-Identifier: Apache-2.0
//
// Recorded readings from a CSV file: a header with ts, temperature and pressure; further columns
// become further fields. Values go out as they are written. The whole file is checked before the
// first reading is published: a bad row must not stop a replay half-way.

/// `readings.csv:17: temperature 'warm' is no number`
struct RecordingError: Error, Equatable, CustomStringConvertible {
    var file: String
    /// Nil where the file as a whole is meant.
    var line: Int?
    var message: String

    var description: String {
        line.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)"
    }
}

struct Recording {
    /// How many readings there are.
    private(set) var count = 0

    private let file: String
    private var rows: CSV
    private var header = Header()

    private struct Header {
        var names: [String] = []
        var ts = 0
        var temperature = 0
        var pressure = 0
    }

    init(_ bytes: [UInt8], file: String) throws(RecordingError) {
        self.file = file
        rows = CSV(bytes)
        try readHeader()
        let first = rows
        while try next() != nil {
            count += 1
        }
        rows = first
    }

    /// The next reading; nil at the end.
    mutating func next() throws(RecordingError) -> Reading? {
        guard let (cells, line) = try nextRow() else { return nil }
        guard cells.count == header.names.count else {
            throw failure(
                line, "\(cells.count) values for the header's \(header.names.count) columns")
        }
        let ts = cells[header.ts]
        guard Timestamp.isOne(ts) else {
            throw failure(line, "ts '\(ts)' is no date and time by ISO 8601")
        }
        var reading = Reading(
            ts: ts, temperature: try number(cells[header.temperature], "temperature", line),
            pressure: try number(cells[header.pressure], "pressure", line))
        for (place, name) in header.names.enumerated() where !isKnown(place) {
            reading.further.append(Reading.Field(name: name, json: JSON.value(cells[place])))
        }
        return reading
    }

    private mutating func readHeader() throws(RecordingError) {
        guard let (names, line) = try nextRow() else {
            throw failure(1, "has no header: the first line must name the columns")
        }
        header.names = names
        header.ts = try place(of: "ts", line)
        header.temperature = try place(of: "temperature", line)
        header.pressure = try place(of: "pressure", line)
        for (place, name) in names.enumerated() {
            guard name != "stream", name != "seq" else {
                throw failure(line, "column '\(name)' is ours: the publisher counts anew")
            }
            guard !name.isEmpty, names[..<place].firstIndex(of: name) == nil else {
                throw failure(line, "column \(place + 1) has no name of its own")
            }
        }
    }

    private func place(of name: String, _ line: Int) throws(RecordingError) -> Int {
        guard let place = header.names.firstIndex(of: name) else {
            throw failure(
                line, "the header has no column '\(name)': ts, temperature and pressure are needed")
        }
        return place
    }

    private func isKnown(_ place: Int) -> Bool {
        place == header.ts || place == header.temperature || place == header.pressure
    }

    private func number(
        _ text: String, _ name: String, _ line: Int
    ) throws(RecordingError) -> String {
        guard JSON.isNumber(text) else { throw failure(line, "\(name) '\(text)' is no number") }
        return text
    }

    private mutating func nextRow() throws(RecordingError) -> (cells: [String], line: Int)? {
        do throws(CSVError) {
            guard let cells = try rows.next() else { return nil }
            return (cells, rows.recordLine)
        } catch {
            throw failure(error.line, error.message)
        }
    }

    private func failure(_ line: Int, _ message: String) -> RecordingError {
        RecordingError(file: file, line: line, message: message)
    }
}
