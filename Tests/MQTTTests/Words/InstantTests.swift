// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic with instants, above all at the ends of their range.

import MQTT
import Testing

@Suite struct InstantTests {
    let noon = Instant(nanoseconds: 1_000_000_000)

    @Test func durationsMoveAnInstant() {
        #expect(noon + .seconds(2) == Instant(nanoseconds: 3_000_000_000))
        #expect(noon - .milliseconds(1) == Instant(nanoseconds: 999_000_000))
        #expect(noon + .nanoseconds(1) > noon)
        var later = noon
        later += .seconds(1)
        #expect(later - noon == .seconds(1))
        #expect(noon - later == .seconds(-1))
    }

    @Test func fractionsOfANanosecondAreDropped() {
        let duration = Duration(secondsComponent: 0, attosecondsComponent: 1_999_999_999)
        #expect(noon + duration == Instant(nanoseconds: 1_000_000_001))
    }

    @Test func neverStaysNever() {
        #expect(Instant.distantFuture - .seconds(1_000_000) == .distantFuture)
        #expect(Instant.distantFuture + .seconds(-1) == .distantFuture)
        #expect(noon + .seconds(Int64.max) == .distantFuture)
    }

    @Test func theBeginningIsNotLeft() {
        let first = Instant(nanoseconds: .min)
        #expect(first - .seconds(1) == first)
        #expect(Instant.distantFuture - first == .nanoseconds(Int64.max))
        #expect(first - Instant.distantFuture == .nanoseconds(Int64.min))
        #expect(Instant(nanoseconds: 0) - .seconds(Int64.min) == .distantFuture)
    }
}
