// SPDX-License-Identifier: Apache-2.0
// The journal's home without a disk: a batch counts as durable the moment it arrives, and is
// gone when the process ends. It serves `persistence false`; tests keep the batches to replay them.

public final class MemoryHome: Journal.Home {
    /// Every batch so far, oldest first, when they are kept.
    public private(set) var batches: [[UInt8]] = []
    private let keepsBatches: Bool

    public init(keepsBatches: Bool = false) {
        self.keepsBatches = keepsBatches
    }

    public func commit(_ batch: Span<UInt8>, number: UInt64) -> Bool {
        if keepsBatches {
            unsafe batches.append(batch.withUnsafeBufferPointer { unsafe [UInt8]($0) })
        }
        return true
    }
}
