// SPDX-License-Identifier: Apache-2.0
// Stands between a journal and its home: the checkers see each commit before it goes to the disk,
// and a planted bug can say too early that it is durable.
import Journal

final class ObservedHome: Journal.Home {
    private let home: any Journal.Home
    private let willCommit: (_ batch: [UInt8]) -> Void
    /// Planted: these batches count as durable while they are still on their way.
    private let isHasty: (_ batch: [UInt8]) -> Bool
    /// How many batches on their way count as durable already.
    private var hasty = 0

    init(
        _ home: any Journal.Home, isHasty: @escaping ([UInt8]) -> Bool,
        willCommit: @escaping ([UInt8]) -> Void
    ) {
        self.home = home
        self.isHasty = isHasty
        self.willCommit = willCommit
    }

    func commit(_ batch: Span<UInt8>, number: UInt64) -> Bool {
        let copy = batch.indices.map { batch[$0] }
        willCommit(copy)
        let isDurable = home.commit(batch, number: number)
        guard isHasty(copy), !isDurable else { return isDurable }
        hasty += 1
        return true
    }

    /// Whether the batch that has become durable now was said to be so before.
    func wasHasty() -> Bool {
        guard hasty > 0 else { return false }
        hasty -= 1
        return true
    }
}
