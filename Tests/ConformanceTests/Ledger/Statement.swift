// SPDX-License-Identifier: Apache-2.0
// One normative statement of MQTT 3.1.1, of 5.0 or of both, as a line of Statements.txt has it, and
// how the name of a test cites it.
import MQTT

struct Statement: Equatable {
    /// Whom it binds.
    enum Mark: String {
        case server = "S"
        case client = "C"
        case both = "B"
    }

    /// Why there is no test of it.
    enum Excuse: Equatable {
        /// A server cannot show it.
        case unseen(String)
        /// The broker, or the test, is not there yet.
        case pending(String)
    }

    let chapter: String
    let id: String
    let versions: [ProtocolVersion]
    let mark: Mark
    let words: String
    var excuse: Excuse?

    /// Whether a test or a reason is owed.
    var isOwed: Bool { mark != .client }

    var title: String {
        let version = versions.count == 2 ? "" : versions[0].number + " "
        return "[\(version)\(citation)] \(words)"
    }

    /// Those of the standards have numbers; rules without one have names of our own.
    private var citation: String { id.first!.isNumber ? "MQTT-\(id)" : id }
}

extension ProtocolVersion {
    /// As people call it.
    var number: String { self == .v5 ? "5.0" : "3.1.1" }
}

extension Statement {
    struct Unreadable: Error {
        let line: Int
    }

    /// Every statement of a table, in its order:
    ///
    ///     # 3.3 PUBLISH
    ///     3.3.1-1  both  B DUP 1 on every redelivery
    ///              pending: not there yet
    static func all(in table: String) throws -> [Statement] {
        var chapter = ""
        var statements: [Statement] = []
        for (number, line) in table.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            if line.hasPrefix("# ") {
                chapter = String(line.dropFirst(2))
            } else if line.hasPrefix(" ") {
                guard !statements.isEmpty, let excuse = Excuse(line) else {
                    throw Unreadable(line: number + 1)
                }
                statements[statements.count - 1].excuse = excuse
            } else if !line.isEmpty {
                guard let statement = Statement(line, chapter) else {
                    throw Unreadable(line: number + 1)
                }
                statements.append(statement)
            }
        }
        return statements
    }

    private init?(_ line: Substring, _ chapter: String) {
        let words = line.split(separator: " ", maxSplits: 3)
        guard words.count == 4, let mark = Mark(rawValue: String(words[2])) else { return nil }
        switch words[1] {
        case "both": versions = [.v311, .v5]
        case "3.1.1": versions = [.v311]
        case "5.0": versions = [.v5]
        default: return nil
        }
        self.chapter = chapter
        self.mark = mark
        id = String(words[0])
        self.words = String(words[3])
    }
}

extension Statement.Excuse {
    fileprivate init?(_ line: Substring) {
        let text = line.drop { $0 == " " }
        if text.hasPrefix("unseen: ") {
            self = .unseen(String(text.dropFirst(8)))
        } else if text.hasPrefix("pending: ") {
            self = .pending(String(text.dropFirst(9)))
        } else {
            return nil
        }
    }
}

/// `[MQTT-3.3.1-1]` in the name of a test; `[5.0 MQTT-3.3.4-9]` where the versions differ; and
/// `[MQTT-3.8.4-1, 3.8.4-2]` for several.
struct Citation: Equatable {
    let id: String
    /// Nil for both.
    let version: ProtocolVersion?

    static func all(in name: String) -> [Citation] {
        name.split(separator: "[").dropFirst(name.hasPrefix("[") ? 0 : 1).flatMap { part in
            guard let end = part.firstIndex(of: "]") else { return [Citation]() }
            var text = part[..<end]
            var version: ProtocolVersion?
            for known in [ProtocolVersion.v311, .v5] where text.hasPrefix(known.number + " ") {
                version = known
                text = text.dropFirst(known.number.count + 1)
            }
            if text.hasPrefix("MQTT-") { text = text.dropFirst(5) }
            return text.split(separator: ", ").map { Citation(id: String($0), version: version) }
        }
    }
}
