// SPDX-License-Identifier: Apache-2.0
//
// What the outbox remembers besides its messages: whose readings they are, and how far the last
// recording was published. It is the outbox's note, so that it is durable in its place in the order
// of readings.
import ClientCore

/// As bytes: a line for the recording, then the name of the stream.
///
///     - ⏎ plc-line1
///     FINGERPRINT COUNT ROWS FIRST ⏎ plc-line1        FIRST is 0 while it is not being published
struct Bookmark: Equatable {
    var stream: String
    var recording: RecordingMark?

    init(stream: String, recording: RecordingMark? = nil) {
        self.stream = stream
        self.recording = recording
    }

    /// Nil for anything that no publisher wrote.
    init?(_ bytes: [UInt8]) {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let line = String(decoding: bytes[..<end], as: UTF8.self)
        stream = String(decoding: bytes[(end + 1)...], as: UTF8.self)
        if line == "-" { return }
        guard let mark = RecordingMark(line) else { return nil }
        recording = mark
    }

    var bytes: [UInt8] { Array("\(recording?.text ?? "-")\n\(stream)".utf8) }
}

/// A recording and how much of it is in the outbox or beyond. While it is being published, each
/// reading that the outbox takes is its next row; so its place follows from the numbering.
struct RecordingMark: Equatable {
    let fingerprint: Fingerprint
    let count: Int
    /// Rows that were taken before `first`.
    private var rows = 0
    /// The number of the reading with which publishing began, or went on.
    private var first: MessageNumber?

    init(_ fingerprint: Fingerprint, count: Int) {
        self.fingerprint = fingerprint
        self.count = count
    }

    /// How many rows are taken when `next` is the number of the next reading.
    func rowsTaken(before next: MessageNumber) -> Int {
        rows + (first.map { Int(next.rawValue - $0.rawValue) } ?? 0)
    }

    /// From `next` on, readings are rows of this recording.
    mutating func begin(at next: MessageNumber) {
        pause(at: next)
        first = next
    }

    /// From `next` on, readings are something else.
    mutating func pause(at next: MessageNumber) {
        rows = rowsTaken(before: next)
        first = nil
    }

    fileprivate init?(_ line: String) {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 4, let fingerprint = Fingerprint(words[0]),
            let count = Int(words[1]), let rows = Int(words[2]), let first = UInt64(words[3])
        else { return nil }
        self.init(fingerprint, count: count)
        self.rows = rows
        self.first = first == 0 ? nil : MessageNumber(rawValue: first)
    }

    fileprivate var text: String {
        "\(fingerprint.text) \(count) \(rows) \(first?.rawValue ?? 0)"
    }
}

/// Tells one file from another: its size and a hash of its bytes (FNV-1a). It guards against a
/// mistake, not against an enemy.
struct Fingerprint: Equatable {
    private let size: Int
    private let hash: UInt64

    init(_ bytes: [UInt8]) {
        size = bytes.count
        hash = bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    fileprivate init?(_ text: Substring) {
        let parts = text.split(separator: "-")
        guard parts.count == 2, let size = Int(parts[0]), let hash = UInt64(parts[1], radix: 16)
        else { return nil }
        self.size = size
        self.hash = hash
    }

    fileprivate var text: String { "\(size)-\(String(hash, radix: 16))" }
}
