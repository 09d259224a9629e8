// SPDX-License-Identifier: Apache-2.0
//
// Comma-separated values in place: records and their cells, by RFC 4180. Cells may be quoted, lines
// may end with CR LF. What the cells mean is the recording's.

struct CSVError: Error, Equatable {
    var line: Int
    var message: String
}

struct CSV {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    /// The line on which the last record began.
    private(set) var recordLine = 1

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // A byte order mark is no part of the first name.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// The cells of the next record; nil at the end. Empty lines are passed over.
    mutating func next() throws(CSVError) -> [String]? {
        while takeLineEnd() {}
        guard position < bytes.count else { return nil }
        let start = line
        recordLine = start
        var cells = [try cell(start)]
        while position < bytes.count, bytes[position] == UInt8(ascii: ",") {
            position += 1
            cells.append(try cell(start))
        }
        guard position == bytes.count || takeLineEnd() else {
            throw CSVError(line: start, message: "text behind a closing quote")
        }
        return cells
    }

    private mutating func takeLineEnd() -> Bool {
        var end = position
        if end < bytes.count, bytes[end] == UInt8(ascii: "\r") { end += 1 }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\n") else { return false }
        position = end + 1
        line += 1
        return true
    }

    private mutating func cell(_ start: Int) throws(CSVError) -> String {
        let raw =
            position < bytes.count && bytes[position] == UInt8(ascii: "\"")
            ? try quotedCell(start) : plainCell()
        guard let text = String(validating: raw, as: UTF8.self) else {
            throw CSVError(line: start, message: "is not UTF-8 text")
        }
        return text
    }

    private mutating func plainCell() -> [UInt8] {
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: ","),
            bytes[position] != UInt8(ascii: "\n")
        {
            position += 1
        }
        var end = position
        if end > start, end == bytes.count || bytes[end] == UInt8(ascii: "\n"),
            bytes[end - 1] == UInt8(ascii: "\r")
        {
            end -= 1
            position = end
        }
        return Array(bytes[start..<end])
    }

    private mutating func quotedCell(_ start: Int) throws(CSVError) -> [UInt8] {
        position += 1
        var cell: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\n") { line += 1 }
            guard byte == UInt8(ascii: "\"") else {
                cell.append(byte)
                continue
            }
            // Two quotes in a row stand for one.
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return cell }
            position += 1
            cell.append(byte)
        }
        throw CSVError(line: start, message: "a quote is not closed")
    }
}
