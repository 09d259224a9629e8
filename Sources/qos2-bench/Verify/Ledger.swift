// SPDX-License-Identifier: Apache-2.0
//
// The publisher's ledger: one line for each reading, its payload, written down before the reading is
// taken. A last line without its end was never finished, and so never taken.
import Glibc
import Reactor

enum Ledger {
    private static let readMax = 1 << 20

    static func forEachLine(
        of path: String, _ body: (Span<UInt8>) throws(InputError) -> Void
    ) throws(InputError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path) }
        defer { close(descriptor) }
        var piece = [UInt8](repeating: 0, count: readMax)
        var held: [UInt8] = []
        while true {
            let count = read(descriptor, &piece, piece.count)
            guard count >= 0 else { throw unreadable(path) }
            if count == 0 { return }
            held += piece[..<count]
            let used = try lines(of: held, body)
            held.removeFirst(used)
        }
    }

    /// 0 where no line has one.
    static func highestSequence(in path: String) throws(InputError) -> Int {
        var highest = 0
        try forEachLine(of: path) { line in
            highest = max(highest, sequence(of: line) ?? 0)
        }
        return highest
    }

    /// As the publisher writes it: no space behind the name.
    private static func sequence(of line: Span<UInt8>) -> Int? {
        let text = line.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        let parts = text.split(separator: "\"seq\":", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        return Int(parts[1].prefix { $0.isASCII && $0.isNumber })
    }

    /// How many bytes the whole lines take.
    private static func lines(
        of bytes: [UInt8], _ body: (Span<UInt8>) throws(InputError) -> Void
    ) throws(InputError) -> Int {
        let span = bytes.span
        var start = 0
        for index in span.indices where span[index] == UInt8(ascii: "\n") {
            if index > start { try body(span.extracting(start..<index)) }
            start = index + 1
        }
        return start
    }

    private static func unreadable(_ path: String) -> InputError {
        InputError(description: SystemError(operation: "read ledger", subject: path).description)
    }
}
