// SPDX-License-Identifier: Apache-2.0
//
// Why a payload is no reading, in one sentence that a person reads in the table `rejected` and in
// the log. Text of the sender is quoted only after escaping.

enum PayloadError: Error, Equatable {
    case empty
    case notUTF8(offset: Int)
    /// `expected` reads on from "not JSON: expected".
    case notJSON(expected: String, offset: Int)
    case endsEarly
    case nestedTooDeep(limit: Int)
    case tooManyFields(limit: Int)
    case loneSurrogate(offset: Int)
    case repeatedField(String)
    case missingField(String)
    case wrongType(field: String, expected: String)
    case outOfRange(field: String, allowed: String)
    case emptyText(field: String)
    case controlCharacter(field: String)
    case tooLong(field: String, limit: Int)
}

extension PayloadError: CustomStringConvertible {
    var description: String {
        switch self {
        case .empty: "payload is empty"
        case .notUTF8(let offset): "payload is not UTF-8 (byte \(offset))"
        case .notJSON(let expected, let offset):
            "payload is not JSON: expected \(expected) at byte \(offset)"
        case .endsEarly: "payload is not JSON: it ends early"
        case .nestedTooDeep(let limit): "payload is nested deeper than \(limit) levels"
        case .tooManyFields(let limit): "payload has more than \(limit) fields"
        case .loneSurrogate(let offset): "payload has half a surrogate pair at byte \(offset)"
        case .repeatedField(let field): "field \(quoted(field)) is there twice"
        case .missingField(let field): "field \(quoted(field)) is missing"
        case .wrongType(let field, let expected): "field \(quoted(field)) is not \(expected)"
        case .outOfRange(let field, let allowed): "field \(quoted(field)) is not in \(allowed)"
        case .emptyText(let field): "field \(quoted(field)) is empty"
        case .controlCharacter(let field): "field \(quoted(field)) has a control character"
        case .tooLong(let field, let limit):
            "field \(quoted(field)) is longer than \(limit) bytes"
        }
    }

    /// Field names may come from the sender: escaped, and cut.
    private func quoted(_ field: String) -> String {
        let shown = field.count > 40 ? field.prefix(40) + "…" : field
        return JSONText.literal(shown)
    }
}
