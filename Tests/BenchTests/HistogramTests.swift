// SPDX-License-Identifier: Apache-2.0
//
// Buckets that leave nothing out, and percentiles against those of the sorted values.
import Testing

@testable import qos2_bench

@Suite struct HistogramTests {
    @Test func bucketsFollowEachOtherWithoutAGap() {
        var bucket = 0
        var value: UInt64 = 0
        while true {
            #expect(Histogram.bucket(of: value) == bucket)
            let last = Histogram.last(of: bucket)
            #expect(last >= value && Histogram.bucket(of: last) == bucket)
            guard last < .max else { return }
            value = last + 1
            bucket += 1
        }
    }

    @Test func aBucketIsNarrow() {
        for exponent in 7..<64 {
            let first: UInt64 = 1 << UInt64(exponent)
            let width = Histogram.last(of: Histogram.bucket(of: first)) - first + 1
            #expect(width * 64 == first)
        }
    }

    @Test func percentilesAreThoseOfTheSortedValues() throws {
        var random = SystemRandomNumberGenerator()
        let histogram = Histogram()
        var values: [Int64] = []
        for _ in 0..<10_000 {
            let value = Int64.random(in: 0...(1 << Int64.random(in: 1...40)), using: &random)
            values.append(value)
            histogram.record(value)
        }
        values.sort()
        for percent in [0.01, 1, 50, 90, 99, 99.9, 100] {
            let rank = max(1, Int((percent * 100).rounded(.up)))
            let exact = Double(values[rank - 1])
            let told = Double(try #require(histogram.percentile(percent)))
            #expect(told >= exact && told <= exact * (1 + 1.0 / 64) + 1)
        }
        #expect(histogram.maximum == UInt64(values[9_999]))
    }

    @Test func theHighestPercentileIsNoMoreThanTheMaximum() {
        let histogram = Histogram()
        histogram.record(1_000_000)
        #expect(histogram.percentile(99.9) == 1_000_000)
    }

    @Test func nothingRecordedHasNoPercentile() {
        #expect(Histogram().percentile(50) == nil)
    }

    @Test func aClockThatWentBackCountsAsNothing() {
        let histogram = Histogram()
        histogram.record(-5)
        #expect(histogram.percentile(50) == 0)
    }
}
