// SPDX-License-Identifier: Apache-2.0
//
// Durations, counted in buckets that grow with what they hold: 64 to each power of two, so that a
// percentile is at most 1.6 % too high, whatever the range, and recording costs some instructions.

final class Histogram {
    private static let stepsBits = 6
    private static let steps = 1 << stepsBits
    private static let bucketsCount = (65 - stepsBits) * steps

    private let buckets: UnsafeMutablePointer<UInt64>
    private(set) var count: UInt64 = 0
    private(set) var maximum: UInt64 = 0

    init() {
        buckets = .allocate(capacity: Self.bucketsCount)
        buckets.initialize(repeating: 0, count: Self.bucketsCount)
    }

    deinit { buckets.deallocate() }

    /// Nanoseconds; what is negative counts as 0.
    func record(_ nanoseconds: Int64) {
        let value = UInt64(max(0, nanoseconds))
        buckets[Self.bucket(of: value)] += 1
        count += 1
        if value > maximum { maximum = value }
    }

    func reset() {
        buckets.update(repeating: 0, count: Self.bucketsCount)
        count = 0
        maximum = 0
    }

    /// Calls `body` with the ends of each bucket that holds something, and how much it holds.
    func forEach(_ body: (_ last: UInt64, _ count: UInt64) -> Void) {
        for bucket in 0..<Self.bucketsCount where buckets[bucket] > 0 {
            body(Self.last(of: bucket), buckets[bucket])
        }
    }

    /// The upper end of the bucket under which this share of all values lies; nil without values.
    func percentile(_ percent: Double) -> UInt64? {
        guard count > 0 else { return nil }
        let rank = max(1, UInt64((Double(count) * percent / 100).rounded(.up)))
        var seen: UInt64 = 0
        for bucket in 0..<Self.bucketsCount {
            seen += buckets[bucket]
            if seen >= rank { return min(Self.last(of: bucket), maximum) }
        }
        return maximum
    }

    /// Values below 128 have a bucket each; above, the seven highest bits name the bucket.
    static func bucket(of value: UInt64) -> Int {
        guard value >= 2 * UInt64(steps) else { return Int(value) }
        let shift = 63 - value.leadingZeroBitCount - stepsBits
        return shift << stepsBits + Int(value >> UInt64(shift))
    }

    /// The largest value of a bucket.
    static func last(of bucket: Int) -> UInt64 {
        guard bucket >= 2 * steps else { return UInt64(bucket) }
        let shift = UInt64(bucket >> stepsBits - 1)
        let first = UInt64(bucket & (steps - 1) | steps) << shift
        return first + ((1 << shift) - 1)
    }
}
