// SPDX-License-Identifier: Apache-2.0
//
// A file holds one idea, a function fits one screen. Functions are found by counting braces in code
// without comments and strings, which is right as long as the code compiles.

enum SizeRules {
    static func fileBreaches(in file: HouseFile) -> [Breach] {
        let limit = file.path.hasPrefix("Sources/") ? 500 : 800
        let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
        guard count > limit else { return [] }
        return [Breach(path: file.path, line: 1, what: "\(count) lines; \(limit) is the limit")]
    }

    static func functionBreaches(in file: HouseFile, limit: Int = 70) -> [Breach] {
        let lines = CodeText(file.text).lines
        return lines.indices.compactMap { start in
            guard declaresFunction(lines[start]), let end = bodyEnd(lines, from: start),
                end - start + 1 > limit
            else { return nil }
            return Breach(
                path: file.path, line: start + 1,
                what: "a function of \(end - start + 1) lines; \(limit) is the limit")
        }
    }

    private static func declaresFunction(_ line: String) -> Bool {
        let words = CodeText.words(of: line)
        let opens = line.contains("{")
        return words.contains { word in
            switch word {
            case "func", "deinit", "subscript": true
            case "init": !line.contains(".init")
            case "var", "get", "set": opens
            default: false
            }
        }
    }

    /// The line of the brace that closes the body begun at or after `start`; nil if there is none.
    private static func bodyEnd(_ lines: [String], from start: Int) -> Int? {
        var braces = 0
        var parentheses = 0
        for index in start..<lines.count {
            for character in lines[index] {
                switch character {
                case "(", "[": parentheses += 1
                case ")", "]": parentheses -= 1
                case "{" where parentheses == 0 || braces > 0: braces += 1
                case "}" where braces > 0:
                    braces -= 1
                    if braces == 0 { return index }
                case "}" where parentheses == 0: return nil  // A protocol's requirement.
                default: break
                }
            }
        }
        return nil
    }
}
