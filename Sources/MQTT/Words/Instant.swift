// SPDX-License-Identifier: Apache-2.0
//
// A point in time as an argument: the pure modules have no clock, whoever calls them has one.

/// Nanoseconds since 1970. Sums that would leave the range stay at its end, so that "never" plus
/// anything is still never.
public struct Instant: Comparable, Hashable, Sendable {
    public let nanoseconds: Int64

    @inlinable
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Later than everything that happens: a deadline that does not come.
    @inlinable
    public static var distantFuture: Instant { Instant(nanoseconds: .max) }

    @inlinable
    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    @inlinable
    public static func + (instant: Instant, duration: Duration) -> Instant {
        instant.advanced(byNanoseconds: duration.wholeNanoseconds)
    }

    @inlinable
    public static func - (instant: Instant, duration: Duration) -> Instant {
        let step = duration.wholeNanoseconds
        return instant.advanced(byNanoseconds: step == .min ? .max : -step)
    }

    /// How long from the right one to the left one; negative if the left one is earlier.
    @inlinable
    public static func - (later: Instant, earlier: Instant) -> Duration {
        let (difference, overflow) = later.nanoseconds.subtractingReportingOverflow(
            earlier.nanoseconds)
        if overflow { return .nanoseconds(later > earlier ? Int64.max : Int64.min) }
        return .nanoseconds(difference)
    }

    @inlinable
    public static func += (instant: inout Instant, duration: Duration) {
        instant = instant + duration
    }

    @inlinable
    public func advanced(byNanoseconds step: Int64) -> Instant {
        if self == .distantFuture { return self }
        let (sum, overflow) = nanoseconds.addingReportingOverflow(step)
        return Instant(nanoseconds: overflow ? (step > 0 ? .max : .min) : sum)
    }
}

extension Duration {
    /// The duration in nanoseconds, rounded towards zero, at most what fits.
    @inlinable
    public var wholeNanoseconds: Int64 {
        Int64(clamping: attoseconds / 1_000_000_000)
    }
}
