// SPDX-License-Identifier: Apache-2.0
// The measure of "before": which batch must be durable before some bytes may leave.

/// A batch number. Batch 0 is the empty beginning and durable from the start, so that bytes with
/// gate 0 wait for nothing.
///
/// A gate is a batch and not a byte position because batches become durable whole.
public struct Gate: Comparable, Hashable, Sendable {
    public let batch: UInt64

    @inlinable
    public init(batch: UInt64) {
        self.batch = batch
    }

    @inlinable
    public static var none: Gate { Gate(batch: 0) }

    @inlinable
    public static func < (left: Gate, right: Gate) -> Bool {
        left.batch < right.batch
    }
}
