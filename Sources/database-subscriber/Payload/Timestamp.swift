// SPDX-License-Identifier: Apache-2.0
//
// Points in time as text: the check of those that are sent, and the making of `received_at`. The
// calendar is the Gregorian one, reckoned without tables and without the system's time zone.

/// `2026-11-23T18:40:00.123Z`: ISO 8601 in UTC to the millisecond, always 24 bytes.
struct Timestamp {
    let utf8: InlineArray<24, UInt8>

    /// Cuts to the millisecond. Int64 nanoseconds reach from 1677 to 2262: the year has four digits.
    init(nanosecondsSince1970 nanoseconds: Int64) {
        let milliseconds = Self.floorDivide(nanoseconds, by: 1_000_000)
        let (days, inDay) = Self.split(milliseconds, by: 86_400_000)
        let (year, month, day) = Self.date(daysSince1970: days)
        var bytes = InlineArray<24, UInt8>(repeating: UInt8(ascii: "0"))
        Self.put(year, width: 4, at: 0, UInt8(ascii: "-"), into: &bytes)
        Self.put(month, width: 2, at: 5, UInt8(ascii: "-"), into: &bytes)
        Self.put(day, width: 2, at: 8, UInt8(ascii: "T"), into: &bytes)
        Self.put(inDay / 3_600_000, width: 2, at: 11, UInt8(ascii: ":"), into: &bytes)
        Self.put(inDay / 60_000 % 60, width: 2, at: 14, UInt8(ascii: ":"), into: &bytes)
        Self.put(inDay / 1_000 % 60, width: 2, at: 17, UInt8(ascii: "."), into: &bytes)
        Self.put(inDay % 1_000, width: 3, at: 20, UInt8(ascii: "Z"), into: &bytes)
        utf8 = bytes
    }

    private static func put(
        _ number: Int64, width: Int, at start: Int, _ mark: UInt8,
        into bytes: inout InlineArray<24, UInt8>
    ) {
        var rest = number
        for index in (start..<start + width).reversed() {
            bytes[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        bytes[start + width] = mark
    }

    private static func floorDivide(_ number: Int64, by divisor: Int64) -> Int64 {
        let quotient = number / divisor
        return number % divisor < 0 ? quotient - 1 : quotient
    }

    private static func split(_ number: Int64, by divisor: Int64) -> (Int64, Int64) {
        let quotient = floorDivide(number, by: divisor)
        return (quotient, number - quotient * divisor)
    }

    /// Years begin in March here, so that the leap day is the last one; 400 years are 146097 days.
    private static func date(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = split(daysSince1970 + 719_468, by: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Timestamp {
    /// A date and a time of day by ISO 8601, extended form: `T` or a space between them, seconds and
    /// their fraction and the zone may be absent. Recorded data often has no zone.
    static func isValid(_ text: Span<UInt8>) -> Bool {
        var reader = TimestampReader()
        guard
            let year = reader.number(width: 4, in: text), reader.take("-", in: text),
            let month = reader.number(width: 2, in: text), reader.take("-", in: text),
            let day = reader.number(width: 2, in: text),
            isDate(year, month, day),
            reader.take("T", in: text) || reader.take(" ", in: text),
            let hour = reader.number(width: 2, in: text), hour < 24, reader.take(":", in: text),
            let minute = reader.number(width: 2, in: text), minute < 60
        else {
            return false
        }
        if reader.take(":", in: text) {
            // 60: a leap second.
            guard let second = reader.number(width: 2, in: text), second <= 60 else {
                return false
            }
            if reader.take(".", in: text) || reader.take(",", in: text) {
                guard reader.skipDigits(in: text) > 0 else {
                    return false
                }
            }
        }
        return reader.isZone(in: text)
    }

    private static func isDate(_ year: Int, _ month: Int, _ day: Int) -> Bool {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days: Int
        switch month {
        case 2: days = isLeap ? 29 : 28
        case 4, 6, 9, 11: days = 30
        case 1...12: days = 31
        default: return false
        }
        return (1...days).contains(day)
    }
}

private struct TimestampReader {
    private var position = 0

    mutating func take(_ mark: Unicode.Scalar, in text: Span<UInt8>) -> Bool {
        guard position < text.count, text[position] == UInt8(ascii: mark) else {
            return false
        }
        position += 1
        return true
    }

    mutating func number(width: Int, in text: Span<UInt8>) -> Int? {
        guard position + width <= text.count else {
            return nil
        }
        var number = 0
        for _ in 0..<width {
            guard isDigit(text[position]) else {
                return nil
            }
            number = number * 10 + Int(text[position] - UInt8(ascii: "0"))
            position += 1
        }
        return number
    }

    mutating func skipDigits(in text: Span<UInt8>) -> Int {
        let start = position
        while position < text.count, isDigit(text[position]) {
            position += 1
        }
        return position - start
    }

    /// `Z`, `+01:00`, `+0100`, `+01` or nothing, and then the end.
    mutating func isZone(in text: Span<UInt8>) -> Bool {
        if take("+", in: text) || take("-", in: text) {
            guard let hours = number(width: 2, in: text), hours < 24 else {
                return false
            }
            let hasColon = take(":", in: text)
            if hasColon || position < text.count {
                guard let minutes = number(width: 2, in: text), minutes < 60 else {
                    return false
                }
            }
        } else {
            _ = take("Z", in: text)
        }
        return position == text.count
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
