// SPDX-License-Identifier: Apache-2.0
//
// A range into a receive buffer, or none, in half of the space: a PUBLISH has many of them and is
// handed around by value. Receive buffers are far below 4 GiB.

@usableFromInline
struct CompactRange: Hashable, Sendable {
    @usableFromInline let lower: UInt32
    @usableFromInline let upper: UInt32

    @inlinable
    init(_ range: Range<Int>) {
        lower = UInt32(range.lowerBound)
        upper = UInt32(range.upperBound)
    }

    /// Nothing. No packet has a field that starts there.
    @inlinable
    init() {
        lower = .max
        upper = .max
    }

    @inlinable
    var range: Range<Int>? { lower == .max ? nil : Int(lower)..<Int(upper) }
}
