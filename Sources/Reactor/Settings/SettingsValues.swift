// SPDX-License-Identifier: Apache-2.0
//
// The forms that values have: numbers, switches, durations, sizes, places to connect to. Each gives
// the value or an error that says what was expected.

package struct HostPort: Equatable, Sendable, CustomStringConvertible {
    package var host: String
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// `host`, `host:port`, `[::1]:port`, and an IPv6 address alone; nil for anything else.
    package init?(_ text: String, defaultPort: UInt16) {
        var host = text[...]
        var portText: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else { return nil }
            portText = rest.isEmpty ? nil : rest.dropFirst()
        } else if text.utf8.count(where: { $0 == UInt8(ascii: ":") }) == 1 {
            let colon = text.firstIndex(of: ":")!
            host = text[..<colon]
            portText = text[text.index(after: colon)...]
        }
        guard !host.isEmpty, !host.contains(where: \.isWhitespace) else { return nil }
        self.host = String(host)
        guard let portText else {
            port = defaultPort
            return
        }
        guard portText.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let number = UInt16(portText),
            number > 0
        else { return nil }
        port = number
    }
}

extension SettingsEntry {
    /// Where the value stands, or the key where there is none.
    package var valuePlace: Place {
        Place(file: place.file, line: place.line, column: valueColumn)
    }

    package func refusal(_ message: String) -> SettingsError {
        SettingsError(valuePlace, message)
    }

    /// A value that must be there.
    package func text() throws(SettingsError) -> String {
        guard !value.isEmpty else { throw refusal("'\(key)' needs a value") }
        return value
    }

    /// The value's words; at least one.
    package func words() throws(SettingsError) -> [String] {
        try text().split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
    }

    package func integer(in range: ClosedRange<Int> = .min ... .max) throws(SettingsError) -> Int {
        let text = try text()
        guard let number = Int(text) else {
            throw refusal("'\(key)' needs a whole number, not '\(text)'")
        }
        guard range.contains(number) else {
            throw refusal(
                range.upperBound == .max
                    ? "'\(key)' must be \(range.lowerBound) or more, not \(number)"
                    : "'\(key)' must be \(range.lowerBound) to \(range.upperBound), not \(number)")
        }
        return number
    }

    package func boolean() throws(SettingsError) -> Bool {
        switch try text() {
        case "true", "1": true
        case "false", "0": false
        default: throw refusal("'\(key)' needs true or false, not '\(value)'")
        }
    }

    /// One of some words.
    package func choice<T>(_ choices: KeyValuePairs<String, T>) throws(SettingsError) -> T {
        let text = try text()
        guard let choice = choices.first(where: { $0.key == text }) else {
            let names = choices.map(\.key).joined(separator: ", ")
            throw refusal("'\(key)' needs one of \(names), not '\(text)'")
        }
        return choice.value
    }

    /// `2ms`, `10s`, `5m`, `12h`, `7d`; a number alone counts in `unit`.
    package func duration(unit: Duration = .seconds(1)) throws(SettingsError) -> Duration {
        let text = try text()
        guard let duration = SettingsEntry.duration(text, unit: unit) else {
            throw refusal("'\(key)' needs a duration such as 2ms, 10s, 5m or 7d, not '\(text)'")
        }
        return duration
    }

    /// `64KiB`, `1GiB`, `1MB`; a number alone counts in `unit` bytes.
    package func size(unit: Int = 1) throws(SettingsError) -> Int {
        let text = try text()
        guard let size = SettingsEntry.size(text, unit: unit) else {
            throw refusal("'\(key)' needs a size such as 64KiB or 1GiB, not '\(text)'")
        }
        return size
    }

    /// `plc.example:1883`, `10.0.0.7`, `[::1]:1883`.
    package func hostPort(defaultPort: UInt16) throws(SettingsError) -> HostPort {
        let text = try text()
        guard let place = HostPort(text, defaultPort: defaultPort) else {
            throw refusal("'\(key)' needs HOST:PORT, an IPv6 host in brackets, not '\(text)'")
        }
        return place
    }

    /// One of some words that a number comes before: `14d` with `["d": .seconds(86_400)]`.
    package func duration(
        in units: KeyValuePairs<String, Duration>
    ) throws(SettingsError) -> Duration {
        let text = try text()
        let parts = Self.split(text)
        let unit = units.first { $0.key == parts?.suffix }?.value
        guard let parts, let unit, let duration = Self.product(parts.number, unit) else {
            let names = units.map(\.key).joined(separator: " ")
            throw refusal("'\(key)' needs a number and one of \(names), not '\(text)'")
        }
        return duration
    }

    /// A duration as text; also for words of a value that has several, and for arguments.
    package static func duration(_ text: some StringProtocol, unit: Duration) -> Duration? {
        guard let (number, suffix) = split(text) else { return nil }
        let nanoseconds: Int64
        switch suffix {
        case "": nanoseconds = unit.nanoseconds
        case "us": nanoseconds = 1_000
        case "ms": nanoseconds = 1_000_000
        case "s": nanoseconds = 1_000_000_000
        case "m": nanoseconds = 60_000_000_000
        case "h": nanoseconds = 3_600_000_000_000
        case "d": nanoseconds = 86_400_000_000_000
        default: return nil
        }
        return product(number, .nanoseconds(nanoseconds))
    }

    private static func product(_ number: Int, _ unit: Duration) -> Duration? {
        let (product, overflow) = Int64(number).multipliedReportingOverflow(by: unit.nanoseconds)
        return overflow ? nil : .nanoseconds(product)
    }

    package static func size(_ text: some StringProtocol, unit: Int) -> Int? {
        guard let (number, suffix) = split(text) else { return nil }
        let scale: Int
        switch suffix {
        case "": scale = unit
        case "B": scale = 1
        case "kB", "KB": scale = 1_000
        case "MB": scale = 1_000_000
        case "GB": scale = 1_000_000_000
        case "TB": scale = 1_000_000_000_000
        case "KiB": scale = 1 << 10
        case "MiB": scale = 1 << 20
        case "GiB": scale = 1 << 30
        case "TiB": scale = 1 << 40
        default: return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: scale)
        return overflow ? nil : product
    }

    /// Digits, then letters, perhaps a space between.
    private static func split(_ text: some StringProtocol) -> (number: Int, suffix: String)? {
        let digits = text.prefix { $0 >= "0" && $0 <= "9" }
        guard let number = Int(digits) else { return nil }
        let suffix = text.dropFirst(digits.count).drop { $0 == " " || $0 == "\t" }
        return (number, String(suffix))
    }
}
