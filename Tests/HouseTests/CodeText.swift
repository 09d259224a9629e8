// SPDX-License-Identifier: Apache-2.0
//
// Swift source with its comments and string literals blanked out, so that a rule about code does not
// trip over prose. Line breaks stay where they were; what an interpolation holds is blanked with
// its string.

struct CodeText {
    private(set) var lines: [String] = []
    private let input: [Character]
    private var at = 0
    private var output: [Character] = []

    init(_ source: String) {
        input = Array(source)
        while at < input.count {
            step()
        }
        lines = String(output).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
    }

    private mutating func step() {
        if starts("//") {
            while at < input.count, input[at] != "\n" { blank() }
        } else if starts("/*") {
            blankBlockComment()
        } else if let hashes = openingQuote() {
            blankString(hashes: hashes)
        } else {
            output.append(input[at])
            at += 1
        }
    }

    private func starts(_ text: String) -> Bool {
        input[at...].starts(with: text)
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where at < input.count {
            output.append(input[at] == "\n" ? "\n" : " ")
            at += 1
        }
    }

    private mutating func blankBlockComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                blank(2)
            } else if starts("*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && at < input.count
    }

    /// The number of `#` before a quote that starts here; nil where no string starts.
    private func openingQuote() -> Int? {
        let hashes = input[at...].prefix { $0 == "#" }.count
        guard at + hashes < input.count, input[at + hashes] == "\"" else { return nil }
        return hashes
    }

    private mutating func blankString(hashes: Int) {
        let fence = String(repeating: "#", count: hashes)
        blank(hashes)
        let quote = starts("\"\"\"") ? "\"\"\"" : "\""
        blank(quote.count)
        while at < input.count {
            if starts(quote + fence) {
                return blank(quote.count + hashes)
            } else if starts("\\" + fence + "(") {
                blank(hashes + 2)
                blankInterpolation()
            } else if starts("\\" + fence) {
                blank(hashes + 2)
            } else if quote.count == 1, input[at] == "\n" {
                return  // Not a string after all; the compiler would have said so.
            } else {
                blank()
            }
        }
    }

    private mutating func blankInterpolation() {
        var depth = 1
        while depth > 0, at < input.count {
            if let hashes = openingQuote() {
                blankString(hashes: hashes)
                continue
            }
            depth += input[at] == "(" ? 1 : input[at] == ")" ? -1 : 0
            blank()
        }
    }
}

extension CodeText {
    /// The identifiers and keywords of a line, in order.
    static func words(of line: some StringProtocol) -> [Substring] {
        String(line)[...].split { !($0.isLetter || $0.isNumber || $0 == "_") }
    }
}
