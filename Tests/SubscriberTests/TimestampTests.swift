// SPDX-License-Identifier: Apache-2.0
//
// Points in time: written as a calendar would, and checked as the standard says.
import Foundation
import Testing

@testable import database_subscriber

@Suite struct TimestampTests {
    private func text(_ nanoseconds: Int64) -> String {
        let timestamp = Timestamp(nanosecondsSince1970: nanoseconds)
        return String(decoding: (0..<24).map { timestamp.utf8[$0] }, as: UTF8.self)
    }

    private func isTime(_ text: String) -> Bool {
        Timestamp.isValid(text.utf8Span.span)
    }

    @Test func knownPoints() {
        #expect(text(0) == "1970-01-01T00:00:00.000Z")
        #expect(text(now) == "2026-11-23T18:40:00.123Z")
        #expect(text(-1) == "1969-12-31T23:59:59.999Z")
        #expect(text(951_782_400_000_000_000) == "2000-02-29T00:00:00.000Z")
        #expect(text(4_107_542_399_999_999_999) == "2100-02-28T23:59:59.999Z")
        #expect(text(4_107_542_400_000_000_000) == "2100-03-01T00:00:00.000Z")
        #expect(text(.max) == "2262-04-11T23:47:16.854Z")
        #expect(text(.min) == "1677-09-21T00:12:43.145Z")
    }

    @Test func anotherCalendarAgrees() {
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: false)
        var random = Random(state: 3)
        for _ in 0..<5_000 {
            let seconds = Int64.random(in: -9_000_000_000...9_000_000_000, using: &random)
            let expected = Date(timeIntervalSince1970: Double(seconds)).formatted(format)
            #expect(text(seconds * 1_000_000_000) == expected.dropLast() + ".000Z")
        }
    }

    @Test func whatIsATime() {
        for time in [
            "2026-11-23T18:40:00.123Z", "2026-11-23T18:40:00Z", "2026-11-23T18:40Z",
            "2026-11-23 18:40:00", "2026-11-23 18:40", "2026-11-23T18:40:00,5+01:00",
            "2026-11-23T18:40:00-0330", "2026-11-23T18:40:00+01", "2024-02-29T00:00:00Z",
            "2000-02-29T00:00", "2016-12-31T23:59:60Z", "0001-01-01T00:00:00.123456789012Z",
        ] {
            #expect(isTime(time), "\(time)")
        }
    }

    @Test func whatIsNone() {
        for time in [
            "2026-11-23", "2026-11-23T", "2026-11-23T18", "2026-11-23T18:4", "26-11-23T18:40Z",
            "2026-13-01T00:00Z", "2026-00-01T00:00Z", "2026-04-31T00:00Z", "2026-02-29T00:00Z",
            "2100-02-29T00:00Z", "2026-01-00T00:00Z", "2026-01-01T24:00Z", "2026-01-01T00:60Z",
            "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx",
            "2026-01-01T00:00:00+1", "2026-01-01T00:00:00+01:", "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+01:60", "2026-01-01t00:00:00Z", "20260101T000000Z", " ", "Z",
            "2026-01-01T00:00:00 Z", "+026-01-01T00:00:00Z", "２０26-01-01T00:00Z",
        ] {
            #expect(!isTime(time), "\(time)")
        }
    }
}
