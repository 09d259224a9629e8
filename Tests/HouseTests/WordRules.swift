// SPDX-License-Identifier: Apache-2.0
//
// Words that the house does without: marks of unfinished work, names that say nothing, access wider
// than the package, and the concurrency that the one loop makes needless.

enum WordRules {
    /// Written in halves, so that this file does not break its own rule.
    static let unfinished = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
    static let empty = ["Manager", "Helper", "Util", "Utility", "Utilities", "Common"]

    static func unfinishedWork(in file: HouseFile) -> [Breach] {
        let isDocument = file.name.hasSuffix(".md")
        return file.lines.enumerated().compactMap { index, line in
            // A document may speak of the word, in backticks.
            let pieces =
                isDocument ? line.split(separator: "`", omittingEmptySubsequences: false) : [line]
            let prose = pieces.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
            let words = prose.flatMap { CodeText.words(of: $0) }
            let word = words.first { unfinished.contains(String($0)) }
            return word.map { Breach(path: file.path, line: index + 1, what: "\($0) left behind") }
        }
    }

    static func license(in file: HouseFile) -> [Breach] {
        let mark = "SPDX-License-Identifier: Apache-2.0"
        let lines = file.lines
        // Below a line that only names the interpreter, or the version of the package's tools.
        let isBelow = ["#!", "// swift-tools"].contains { file.text.hasPrefix($0) }
        let line = isBelow ? lines.dropFirst().first : lines.first
        guard line?.hasSuffix(mark) != true else { return [] }
        return [Breach(path: file.path, line: 1, what: "the first line is not '\(mark)'")]
    }

    /// Names of types and files that have one of the empty words as a part.
    static func emptyNames(in file: HouseFile) -> [Breach] {
        let kinds: Set<Substring> = [
            "struct", "class", "enum", "protocol", "typealias", "extension",
        ]
        var breaches: [Breach] = []
        if let part = emptyPart(of: file.name) {
            breaches.append(Breach(path: file.path, line: 1, what: "a file named \(part)"))
        }
        for (index, line) in CodeText(file.text).lines.enumerated() {
            let words = CodeText.words(of: line)
            for (kind, name) in zip(words, words.dropFirst()) where kinds.contains(kind) {
                guard let part = emptyPart(of: name) else { continue }
                breaches.append(
                    Breach(path: file.path, line: index + 1, what: "a type named \(part)"))
            }
        }
        return breaches
    }

    /// The optimizer sees through `public` where it does not see through `package`: what runs for
    /// each packet is public, whatever else is not.
    static func wideAccess(in file: HouseFile) -> [Breach] {
        let seenThrough = ["Sources/MQTT/", "Sources/Journal/"]
        guard !seenThrough.contains(where: file.path.hasPrefix) else {
            return keyword(["package"], in: file) { "'\($0)': this module says public" }
        }
        return keyword(["public"], in: file) { "'\($0)': ours is package or internal" }
    }

    static func concurrency(in file: HouseFile) -> [Breach] {
        keyword(["async", "await", "actor", "Task"], in: file) {
            "'\($0)': one loop owns all state"
        }
    }

    /// Only where the word is a word of the language: not a member, not a label, not in backticks.
    private static func keyword(
        _ keywords: Set<Substring>, in file: HouseFile, says what: (Substring) -> String
    ) -> [Breach] {
        CodeText(file.text).lines.enumerated().flatMap { index, line in
            words(of: line).filter { keywords.contains($0.word) && !$0.isName }
                .map { Breach(path: file.path, line: index + 1, what: what($0.word)) }
        }
    }

    private static func words(of line: String) -> [(word: Substring, isName: Bool)] {
        CodeText.words(of: line).map { word in
            let before = line[..<word.startIndex].last
            let after = line[word.endIndex...].first
            let declared = ["func", "case", "let", "var"].contains {
                line[..<word.startIndex].hasSuffix($0 + " ")
            }
            let isCall = after == "(" && word != "Task"
            return (word, before == "." || before == "`" || after == ":" || isCall || declared)
        }
    }

    /// `Manager` of `SessionManager`, nil for `Management`.
    private static func emptyPart(of name: some StringProtocol) -> String? {
        let name = String(name)
        return empty.first { part in
            name.ranges(of: part).contains { range in
                let next = name[range.upperBound...]
                let rest = next.hasPrefix("s") ? next.dropFirst() : next
                return rest.first?.isLowercase != true
            }
        }
    }
}
