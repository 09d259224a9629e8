// SPDX-License-Identifier: Apache-2.0
//
// A line as bytes for people: time, program, colours. Whatever strangers put into a client
// identifier or a topic, it stays one line and cannot steer the terminal.

import Glibc

struct LogText {
    enum Time: Equatable {
        /// `18:40:03.412`.
        case clock
        /// As strftime writes it.
        case format(String)
    }

    /// What is in front.
    var time: Time?
    /// Every line begins with it (padded), where several programs share a terminal.
    var programColumn: String?
    var colors: Bool
    /// `<6>` in front, as systemd reads priorities from a plain stderr.
    var showsPriority: Bool

    /// The longest program's name, so that the columns of all programs meet.
    static let programWidth = "database-subscriber".utf8.count

    func bytes(of line: LogLine, at nanoseconds: Int64) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(line.message.utf8.count + 48)
        if showsPriority { text += "<\(line.priority.rawValue)>".utf8 }
        if let time {
            switch time {
            case .clock: text += Self.clock(nanoseconds).utf8
            case .format(let format): text += Self.formatted(format, nanoseconds).utf8
            }
            text.append(UInt8(ascii: " "))
        }
        if let programColumn {
            text += programColumn.utf8
            let missing = Self.programWidth - programColumn.utf8.count
            text += repeatElement(UInt8(ascii: " "), count: max(0, missing) + 1)
        }
        let message = Self.oneLine(line.message)
        if colors {
            append(message, line.tint, to: &text)
        } else {
            text += message
        }
        return text
    }

    private func append(_ message: [UInt8], _ tint: Tint, to text: inout [UInt8]) {
        let step = Self.stepLength(message)
        if step > 0 {
            text += "\u{1B}[2m".utf8
            text += message[..<step]
            text += "\u{1B}[0m".utf8
        }
        guard let color = Self.code(tint) else {
            text += message[step...]
            return
        }
        text += color.utf8
        text += message[step...]
        text += "\u{1B}[0m".utf8
    }

    private static func code(_ tint: Tint) -> String? {
        switch tint {
        case .plain: nil
        case .incoming: "\u{1B}[36m"
        case .outgoing: "\u{1B}[32m"
        case .warning: "\u{1B}[33m"
        case .failure: "\u{1B}[31m"
        }
    }

    /// How long the `[1/4]` at the beginning is; zero where there is none.
    static func stepLength(_ message: [UInt8]) -> Int {
        let isStep =
            message.count >= 5 && message[0] == UInt8(ascii: "[") && message[4] == UInt8(ascii: "]")
            && message[2] == UInt8(ascii: "/")
        return isStep ? 5 : 0
    }

    /// Control characters as `\n`, `\t` or `\x1B`, also those of Latin-1 that come as two bytes.
    static func oneLine(_ message: String) -> [UInt8] {
        if isClean(message.utf8.span) { return Array(message.utf8) }
        var text: [UInt8] = []
        for scalar in message.unicodeScalars {
            switch scalar.value {
            case 0x0A: text += "\\n".utf8
            case 0x09: text += "\\t".utf8
            case 0..<0x20, 0x7F..<0xA0:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                text += "\\x\(digits.count < 2 ? "0" : "")\(digits)".utf8
            default: text += String(scalar).utf8
            }
        }
        return text
    }

    private static func isClean(_ message: Span<UInt8>) -> Bool {
        for place in message.indices {
            let byte = message[place]
            if byte < 0x20 || byte == 0x7F || byte == 0xC2 { return false }
        }
        return true
    }

    /// Local time of day with milliseconds.
    static func clock(_ nanoseconds: Int64) -> String {
        var seconds = time_t(nanoseconds / 1_000_000_000)
        let milliseconds = Int(nanoseconds / 1_000_000 % 1000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        let (hour, minute, second) = (Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec))
        return "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))."
            + padded(milliseconds, 3)
    }

    /// Local time as strftime writes it.
    static func formatted(_ format: String, _ nanoseconds: Int64) -> String {
        var seconds = time_t(nanoseconds / 1_000_000_000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        var text = [UInt8](repeating: 0, count: 256)
        let count = text.withUnsafeMutableBytes { memory in
            strftime(
                memory.baseAddress!.assumingMemoryBound(to: CChar.self), memory.count, format,
                &parts)
        }
        return String(decoding: text[..<count], as: UTF8.self)
    }

    /// Cut to a length in bytes, between characters, with a sign that something is missing.
    static func cut(_ text: [UInt8], to length: Int) -> [UInt8] {
        guard text.count > length else { return text }
        let mark = Array("…".utf8)
        var end = length - mark.count
        while end > 0, text[end] & 0xC0 == 0x80 { end -= 1 }
        return text[..<end] + mark
    }
}
