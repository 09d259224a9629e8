// SPDX-License-Identifier: Apache-2.0
//
// The levels of a topic name or filter, one by one and in place. Empty levels count: "/a" has two.

public struct TopicLevels: Sendable {
    /// Where the next level starts; one beyond the end when all have been given out.
    @usableFromInline var position: Int
    @usableFromInline let end: Int

    @inlinable
    public init(_ range: Range<Int>) {
        position = range.lowerBound
        end = range.upperBound
    }

    /// Takes the span with each call, as a view cannot be kept.
    @inlinable
    public mutating func next(in bytes: Span<UInt8>) -> Range<Int>? {
        guard position <= end else { return nil }
        let start = position
        var index = start
        while index < end, bytes[index] != Topic.separator { index &+= 1 }
        position = index &+ 1
        return start..<index
    }
}
