// SPDX-License-Identifier: Apache-2.0
//
// Writing JSON: texts and numbers of `--json` output and of error lines.

enum JSONText {
    /// The text in quotes, fit for JSON, for a terminal and for one line.
    static func literal(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": literal += "\\\""
            case "\\": literal += "\\\\"
            case "\n": literal += "\\n"
            case "\r": literal += "\\r"
            case "\t": literal += "\\t"
            default: append(scalar, to: &literal)
            }
        }
        return literal + "\""
    }

    /// JSON text with the same meaning, without what would steer a terminal: such characters can be
    /// in its strings only, where an escape may stand for each.
    static func escapingInvisible(_ json: String) -> String {
        if isPlain(json) {
            return json
        }
        return json.unicodeScalars.reduce(into: "") { append($1, to: &$0) }
    }

    /// Text of a sender as a person may see it: as it is, or in quotes with escapes if it holds
    /// anything that would steer a terminal.
    static func printable(_ text: String) -> String {
        isPlain(text) ? text : literal(text)
    }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
        guard isInvisible(scalar) else {
            text.unicodeScalars.append(scalar)
            return
        }
        for unit in String(scalar).utf16 {
            let digits = String(unit, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        !text.unicodeScalars.contains(where: isInvisible)
    }

    /// Control characters, marks of direction and the like, separators of lines.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// One object in one line; the values are JSON already.
    static func object(_ members: [(name: String, value: String)]) -> String {
        let texts = members.map { "\(literal($0.name)):\($0.value)" }
        return "{\(texts.joined(separator: ","))}"
    }

    static func array(_ values: [String]) -> String {
        "[\(values.joined(separator: ","))]"
    }
}
