// SPDX-License-Identifier: Apache-2.0
//
// A configuration of arbitrary bytes: each line is an entry, a notice, an error or nothing, and each
// entry can be asked for a value of every form.
@testable import Reactor

enum SettingsTarget {
    private static let vocabulary = SettingsVocabulary(
        known: ["listener", "persistence", "max_queued_messages", "topic"],
        accepted: ["log_dest": "the journal is the log"])

    static func run(_ input: [UInt8], _ planted: Planted?) throws(Breach) {
        let text = String(decoding: input, as: UTF8.self)
        // It would read what lies on this machine.
        guard !text.contains("include_dir") else { return }
        var settings = Settings(vocabulary)
        settings.read(text: text, name: "fuzz.conf")
        let said =
            settings.entries.map(\.place) + settings.notices.map(\.place)
            + settings.errors.map(\.place)
        let lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
        try require(Set(said.map(\.line)).count == said.count, "a line is answered twice")
        try require(said.allSatisfy { 1...lines.count ~= $0.line }, "an answer to no line")
        for (index, line) in lines.enumerated() {
            let isAnswered = said.contains { $0.line == index + 1 }
            try require(isAnswered == isMeant(Array(line), planted), "line \(index + 1) is misread")
        }
        for entry in settings.entries { try ask(entry) }
    }

    /// Whether a line holds more than space and comment.
    private static func isMeant(_ line: [UInt8], _ planted: Planted?) -> Bool {
        let first = line.first { ![0x20, 0x09, 0x0D].contains($0) }
        if planted == .indentedComment, line.first == 0x20, first == UInt8(ascii: "#") {
            return true
        }
        return line.contains(0) || (first != nil && first != UInt8(ascii: "#"))
    }

    private static func ask(_ entry: SettingsEntry) throws(Breach) {
        if let number = try? entry.integer(in: -5...70_000) {
            try require(-5...70_000 ~= number, "\(number) is out of its range")
        }
        if let words = try? entry.words() {
            try require(!words.isEmpty, "a value without words")
        }
        if let place = try? entry.hostPort(defaultPort: 1883) {
            let again = HostPort(place.description, defaultPort: 1)
            try require(again == place, "\(place) is read as another place")
        }
        _ = try? entry.boolean()
        _ = try? entry.size(unit: 1024)
        _ = try? entry.duration()
        _ = try? entry.choice(["one": 1, "two": 2])
    }
}
