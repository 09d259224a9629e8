// SPDX-License-Identifier: Apache-2.0
//
// Walks over JSON text in place and says where its values are, strictly by RFC 8259. Copies nothing
// and makes no numbers: a number's text is kept as it was sent until somebody asks for its value.

/// Where a value stands and what it is. A string's range is without its quotes.
struct JSONValue: Equatable {
    enum Kind: Equatable {
        case string(hasEscapes: Bool)
        case number
        case object
        case array
        /// `true`, `false` or `null`.
        case word
    }

    let kind: Kind
    let range: Range<Int>
}

/// The bytes are passed to each call, for a scanner cannot hold a span. They must be UTF-8.
struct JSONScanner {
    private(set) var position = 0

    /// Deeper ones are refused: the scanner calls itself for each level.
    static let depthLimit = 32

    /// True at the end of the bytes, white space aside.
    mutating func isAtEnd(of bytes: Span<UInt8>) -> Bool {
        skipSpace(in: bytes)
        return position == bytes.count
    }

    /// Takes the byte if it comes next, white space aside.
    mutating func take(_ byte: UInt8, in bytes: Span<UInt8>) -> Bool {
        skipSpace(in: bytes)
        guard position < bytes.count, bytes[position] == byte else {
            return false
        }
        position += 1
        return true
    }

    func failure(expected: String, in bytes: Span<UInt8>) -> PayloadError {
        position < bytes.count ? .notJSON(expected: expected, offset: position) : .endsEarly
    }

    /// The next value, whatever it is, checked to its end.
    mutating func value(
        in bytes: Span<UInt8>, depth: Int = 0
    ) throws(PayloadError) -> JSONValue {
        skipSpace(in: bytes)
        guard depth <= Self.depthLimit else {
            throw .nestedTooDeep(limit: Self.depthLimit)
        }
        guard position < bytes.count else {
            throw .endsEarly
        }
        switch bytes[position] {
        case UInt8(ascii: "\""): return try string(in: bytes)
        case UInt8(ascii: "-"), Self.digits: return try number(in: bytes)
        case UInt8(ascii: "{"): return try object(in: bytes, depth: depth)
        case UInt8(ascii: "["): return try array(in: bytes, depth: depth)
        case UInt8(ascii: "t"): return try word("true", in: bytes)
        case UInt8(ascii: "f"): return try word("false", in: bytes)
        case UInt8(ascii: "n"): return try word("null", in: bytes)
        default: throw failure(expected: "a value", in: bytes)
        }
    }

    /// A string; what it says is for `decodedText`.
    mutating func string(in bytes: Span<UInt8>) throws(PayloadError) -> JSONValue {
        guard take(UInt8(ascii: "\""), in: bytes) else {
            throw failure(expected: "a string", in: bytes)
        }
        let start = position
        var hasEscapes = false
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let range = start..<position
                position += 1
                return JSONValue(kind: .string(hasEscapes: hasEscapes), range: range)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try escape(in: bytes)
            case ..<0x20:
                throw failure(expected: "no control character in a string", in: bytes)
            default:
                position += 1
            }
        }
        throw .endsEarly
    }

    // MARK: Parts

    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

    private mutating func skipSpace(in bytes: Span<UInt8>) {
        while position < bytes.count, Self.isSpace(bytes[position]) {
            position += 1
        }
    }

    static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
    }

    /// One escape. Surrogates are checked here, so that what follows can decode without doubt.
    private mutating func escape(in bytes: Span<UInt8>) throws(PayloadError) {
        let start = position
        let unit = try escapedUnit(in: bytes)
        guard let unit, (0xd800...0xdfff).contains(unit) else {
            return
        }
        guard unit < 0xdc00, position < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            let low = try escapedUnit(in: bytes), (0xdc00...0xdfff).contains(low)
        else {
            throw .loneSurrogate(offset: start)
        }
    }

    /// Steps over one escape; gives the code unit of the form `\uXXXX`.
    private mutating func escapedUnit(in bytes: Span<UInt8>) throws(PayloadError) -> UInt16? {
        position += 1
        guard position < bytes.count else {
            throw .endsEarly
        }
        switch bytes[position] {
        case UInt8(ascii: "u"): break
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
            return nil
        default: throw failure(expected: "an escape", in: bytes)
        }
        position += 1
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = hexDigit(bytes[position]) else {
                throw failure(expected: "a hexadecimal digit", in: bytes)
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }

    private mutating func number(in bytes: Span<UInt8>) throws(PayloadError) -> JSONValue {
        let start = position
        if bytes[position] == UInt8(ascii: "-") {
            position += 1
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: "0") {
            // A zero in front of another digit is no number.
            position += 1
        } else {
            try digits(in: bytes)
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try digits(in: bytes)
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count,
                bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
            {
                position += 1
            }
            try digits(in: bytes)
        }
        return JSONValue(kind: .number, range: start..<position)
    }

    /// At least one.
    private mutating func digits(in bytes: Span<UInt8>) throws(PayloadError) {
        let start = position
        while position < bytes.count, Self.digits.contains(bytes[position]) {
            position += 1
        }
        guard position > start else {
            throw failure(expected: "a digit", in: bytes)
        }
    }

    private mutating func word(
        _ word: StaticString, in bytes: Span<UInt8>
    ) throws(PayloadError) -> JSONValue {
        let start = position
        for index in 0..<word.utf8CodeUnitCount {
            guard position < bytes.count, bytes[position] == word.utf8Start[index] else {
                throw failure(expected: "'\(word)'", in: bytes)
            }
            position += 1
        }
        return JSONValue(kind: .word, range: start..<position)
    }

    private mutating func array(
        in bytes: Span<UInt8>, depth: Int
    ) throws(PayloadError) -> JSONValue {
        let start = position
        position += 1
        if !take(UInt8(ascii: "]"), in: bytes) {
            repeat {
                _ = try value(in: bytes, depth: depth + 1)
            } while take(UInt8(ascii: ","), in: bytes)
            guard take(UInt8(ascii: "]"), in: bytes) else {
                throw failure(expected: "',' or ']'", in: bytes)
            }
        }
        return JSONValue(kind: .array, range: start..<position)
    }

    private mutating func object(
        in bytes: Span<UInt8>, depth: Int
    ) throws(PayloadError) -> JSONValue {
        let start = position
        try members(in: bytes, depth: depth) { _, _ throws(PayloadError) in }
        return JSONValue(kind: .object, range: start..<position)
    }

    /// Walks over an object, name and value by name and value.
    mutating func members(
        in bytes: Span<UInt8>, depth: Int = 0,
        _ visit: (_ name: JSONValue, _ value: JSONValue) throws(PayloadError) -> Void
    ) throws(PayloadError) {
        guard take(UInt8(ascii: "{"), in: bytes) else {
            throw failure(expected: "'{'", in: bytes)
        }
        if take(UInt8(ascii: "}"), in: bytes) {
            return
        }
        repeat {
            let name = try string(in: bytes)
            guard take(UInt8(ascii: ":"), in: bytes) else {
                throw failure(expected: "':'", in: bytes)
            }
            let value = try value(in: bytes, depth: depth + 1)
            try visit(name, value)
        } while take(UInt8(ascii: ","), in: bytes)
        guard take(UInt8(ascii: "}"), in: bytes) else {
            throw failure(expected: "',' or '}'", in: bytes)
        }
    }
}

/// The value of a hexadecimal digit in ASCII.
func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
