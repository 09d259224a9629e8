// SPDX-License-Identifier: Apache-2.0
//
// What a JSON value that the scanner has found says: its text, its number, or itself without white
// space. The scanner has checked all of it, so nothing can fail here but the range of a number.

enum JSONDecoding {
    /// What a string says, escapes resolved.
    static func text(_ value: JSONValue, in bytes: Span<UInt8>) -> String {
        guard case .string(let hasEscapes) = value.kind else {
            preconditionFailure("no string: \(value)")
        }
        let raw = string(value.range, in: bytes)
        return hasEscapes ? unescaped(raw) : raw
    }

    /// The nearest double, nil beyond the largest.
    static func double(_ value: JSONValue, in bytes: Span<UInt8>) -> Double? {
        if let exact = exactDouble(value.range, in: bytes) {
            return exact
        }
        guard let double = Double(string(value.range, in: bytes)), double.isFinite else {
            return nil
        }
        return double
    }

    /// The value as it was sent, without the white space between its parts.
    static func append(
        _ value: JSONValue, in bytes: Span<UInt8>, to text: inout [UInt8]
    ) {
        switch value.kind {
        case .string:
            // With its quotes.
            append(value.range.lowerBound - 1..<value.range.upperBound + 1, in: bytes, to: &text)
        case .number, .word:
            append(value.range, in: bytes, to: &text)
        case .object, .array:
            appendCompact(value.range, in: bytes, to: &text)
        }
    }

    private static func append(
        _ range: Range<Int>, in bytes: Span<UInt8>, to text: inout [UInt8]
    ) {
        for index in range {
            text.append(bytes[index])
        }
    }

    private static func appendCompact(
        _ range: Range<Int>, in bytes: Span<UInt8>, to text: inout [UInt8]
    ) {
        var isInString = false
        var isEscaped = false
        for index in range {
            let byte = bytes[index]
            if isInString {
                let endsHere = byte == UInt8(ascii: "\"") && !isEscaped
                isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
                isInString = !endsHere
            } else if byte == UInt8(ascii: "\"") {
                isInString = true
            } else if JSONScanner.isSpace(byte) {
                continue
            }
            text.append(byte)
        }
    }

    static func string(_ range: Range<Int>, in bytes: Span<UInt8>) -> String {
        bytes.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    /// Up to 2^53 and up to 10^22 doubles are exact, and one division or multiplication of two exact
    /// ones is rounded correctly: most readings need no more. Nil where that does not hold.
    private static func exactDouble(_ range: Range<Int>, in bytes: Span<UInt8>) -> Double? {
        let isNegative = bytes[range.lowerBound] == UInt8(ascii: "-")
        var digits: UInt64 = 0
        var decimals: Int?
        for index in (isNegative ? range.lowerBound + 1 : range.lowerBound)..<range.upperBound {
            switch bytes[index] {
            case UInt8(ascii: "."): decimals = 0
            case let digit where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit):
                digits = digits * 10 + UInt64(digit - UInt8(ascii: "0"))
                decimals = decimals.map { $0 + 1 }
            default: return nil
            }
            guard digits <= 1 << 53, decimals ?? 0 < powersOfTen.count else {
                return nil
            }
        }
        let magnitude = Double(digits) / powersOfTen[decimals ?? 0]
        return isNegative ? -magnitude : magnitude
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]

    private static func unescaped(_ raw: String) -> String {
        var units: [UInt16] = []
        var rest = raw.utf16.makeIterator()
        while let unit = rest.next() {
            guard unit == UInt16(UInt8(ascii: "\\")), let letter = rest.next() else {
                units.append(unit)
                continue
            }
            units.append(unescapedUnit(letter, &rest))
        }
        return String(decoding: units, as: UTF16.self)
    }

    private static func unescapedUnit(
        _ letter: UInt16, _ rest: inout String.UTF16View.Iterator
    ) -> UInt16 {
        switch UInt8(truncatingIfNeeded: letter) {
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0c
        case UInt8(ascii: "n"): return 0x0a
        case UInt8(ascii: "r"): return 0x0d
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"):
            var unit: UInt16 = 0
            for _ in 0..<4 {
                let digit = rest.next().flatMap { hexDigit(UInt8(truncatingIfNeeded: $0)) }
                unit = unit << 4 | UInt16(digit ?? 0)
            }
            return unit
        default: return letter
        }
    }
}
