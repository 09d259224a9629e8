// SPDX-License-Identifier: Apache-2.0
//
// Points in time as readings name them, reckoned without tables and without the system's time zone;
// and the look of one in a recording.
import MQTT

enum Timestamp {
    /// `2026-11-23T18:40:00.123Z`: ISO 8601 in UTC, cut to the millisecond.
    static func text(_ instant: Instant) -> String {
        let (seconds, rest) = divide(instant.nanoseconds, by: 1_000_000_000)
        let (days, inDay) = divide(seconds, by: 86_400)
        let (year, month, day) = date(daysSince1970: days)
        let (hour, inHour) = divide(inDay, by: 3_600)
        let (minute, second) = divide(inHour, by: 60)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
            + "T\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))"
            + ".\(padded(rest / 1_000_000, 3))Z"
    }

    /// Whether it begins as `2026-11-23T18:40`, a space for the `T` allowed. The rest is the
    /// receiver's to judge: it stores the text as it is.
    static func isOne(_ text: String) -> Bool {
        let shape = Array("dddd-dd-ddTdd:dd".utf8)
        let bytes = Array(text.utf8.prefix(shape.count))
        guard bytes.count == shape.count else { return false }
        return zip(bytes, shape).allSatisfy { byte, mark in
            switch mark {
            case UInt8(ascii: "d"): byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            case UInt8(ascii: "T"): byte == mark || byte == UInt8(ascii: " ")
            default: byte == mark
            }
        }
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    private static func divide(_ number: Int64, by divisor: Int64) -> (Int64, Int64) {
        let quotient = (number - (number < 0 ? divisor - 1 : 0)) / divisor
        return (quotient, number - quotient * divisor)
    }

    /// Years begin in March here, so that the leap day is the last one; 400 years are 146,097 days.
    private static func date(daysSince1970: Int64) -> (Int64, Int64, Int64) {
        let (era, dayOfEra) = divide(daysSince1970 + 719_468, by: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
