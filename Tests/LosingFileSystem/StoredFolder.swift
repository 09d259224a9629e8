// SPDX-License-Identifier: Apache-2.0
// The names of one folder, as programs see them and as a power cut would leave them: a name that
// was made, moved or removed is certain only after the folder was synced, whatever happened to the
// file that it names.

final class StoredFolder {
    /// A rename sets two names at once; nil removes one.
    typealias Change = [(name: String, inode: UInt64?)]

    private(set) var entries: [String: UInt64] = [:]
    private var durable: [String: UInt64] = [:]
    private var unsynced: [Change] = []

    var unsyncedCount: Int { unsynced.count }

    /// Every file that a name leads to, now or after some power cut.
    var reachable: Set<UInt64> {
        Set(entries.values).union(durable.values)
            .union(unsynced.joined().compactMap(\.inode))
    }

    func set(_ change: Change) {
        Self.apply(change, to: &entries)
        unsynced.append(change)
    }

    func sync() {
        durable = entries
        unsynced = []
    }

    /// The power is gone. Some disks keep the order of such changes and some do not; both happen.
    func cut(using random: inout SplitMix64) {
        let keepsOrder = random.happens(0.5)
        let count = Int.random(in: 0...unsynced.count, using: &random)
        for (index, change) in unsynced.enumerated() {
            if keepsOrder ? index < count : random.happens(0.5) {
                Self.apply(change, to: &durable)
            }
        }
        entries = durable
        unsynced = []
    }

    private static func apply(_ change: Change, to entries: inout [String: UInt64]) {
        for (name, inode) in change { entries[name] = inode }
    }
}
