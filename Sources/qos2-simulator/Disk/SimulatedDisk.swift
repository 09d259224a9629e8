// SPDX-License-Identifier: Apache-2.0
// A disk that keeps what was synced apart from what was not. A power cut leaves of un-synced bytes
// and names what the generator chooses, torn and with flipped bits; a sync may fail, and the space
// may come to an end. A process that dies leaves everything as it is, synced or not.
import ClientCore
import Journal

final class SimulatedDisk: Disk {
    /// What a disk does that no disk should: planted to show that it is noticed.
    enum Flaw {
        /// Names are never made durable.
        case ignoresFolderSync
        /// A sync that fails says that it did not.
        case hidesFailedSync
        /// What a failed sync left is shown for ever.
        case showsWhatItForgot
    }

    private final class File {
        var bytes: [UInt8]
        var durable: [UInt8]
        /// Written since the last sync, in order.
        var unsynced: [Range<Int>] = []

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
            durable = bytes
        }
    }

    /// A change of names that a folder sync makes durable.
    private enum NameChange {
        case create(String, File)
        case rename(to: String, File)
        case remove(String)
    }

    private var entries: [String: File] = [:]
    private var durableEntries: [String: File] = [:]
    private var changes: [NameChange] = []
    /// How many bytes fit on it.
    var room = Int.max
    /// How many calls from now on succeed before one fails.
    var failsAfter: Int?
    /// After a sync that failed, the bytes are shown as if it had not, and no other writes them.
    var forgetsFailedSync = false
    var flaw: Flaw?
    /// Asked before each change: false when the process died before it came to this.
    var isAlive: () -> Bool = { true }
    /// Told after each sync.
    var synced: () -> Void = {}

    func names() throws(DiskError) -> [String] { entries.keys.sorted() }

    func contents(of name: String) throws(DiskError) -> [UInt8] { try file(name).bytes }

    func size(of name: String) throws(DiskError) -> Int { try file(name).bytes.count }

    /// Its content is durable when this returns; its name is not.
    func create(_ name: String, size: Int) throws(DiskError) {
        precondition(entries[name] == nil, "\(name) exists")
        try change("create", name)
        try take(size, for: name)
        let file = File([UInt8](repeating: 0, count: size))
        entries[name] = file
        changes.append(.create(name, file))
    }

    func write(_ bytes: Span<UInt8>, to name: String, at offset: Int) throws(DiskError) {
        try change("write", name)
        let file = try file(name)
        let missing = offset + bytes.count - file.bytes.count
        if missing > 0 {
            try take(missing, for: name)
            file.bytes += [UInt8](repeating: 0, count: missing)
        }
        for index in bytes.indices { file.bytes[offset + index] = bytes[index] }
        file.unsynced.append(offset..<offset + bytes.count)
    }

    func sync(_ name: String) throws(DiskError) {
        do throws(DiskError) {
            try change("sync", name)
        } catch {
            if forgetsFailedSync { try file(name).unsynced.removeAll() }
            guard flaw == .hidesFailedSync, error.reason == Self.failure else { throw error }
            return
        }
        let file = try file(name)
        settle(file)
        synced()
    }

    func confirm(_ name: String) throws(DiskError) {
        try sync(name)
        guard flaw != .showsWhatItForgot else { return }
        let file = try file(name)
        file.bytes = file.durable
    }

    func syncFolder() throws(DiskError) {
        try change("sync", "folder")
        guard flaw != .ignoresFolderSync else { return }
        for change in changes { apply(change) }
        changes.removeAll()
        synced()
    }

    func rename(_ name: String, to newName: String) throws(DiskError) {
        try change("rename", name)
        let file = try file(name)
        entries[name] = nil
        entries[newName] = file
        changes.append(.rename(to: newName, file))
    }

    func remove(_ name: String) throws(DiskError) {
        try change("remove", name)
        guard entries.removeValue(forKey: name) != nil else { return }
        changes.append(.remove(name))
    }

    private func settle(_ file: File) {
        if file.durable.count < file.bytes.count {
            let missing = file.bytes.count - file.durable.count
            file.durable += [UInt8](repeating: 0, count: missing)
        }
        for range in file.unsynced {
            for at in range { file.durable[at] = file.bytes[at] }
        }
        file.unsynced.removeAll()
    }

    private func apply(_ change: NameChange) {
        switch change {
        case .create(let name, let file): durableEntries[name] = file
        case .rename(let new, let file):
            // It may have come here by a change that was lost.
            for name in durableEntries.keys.sorted() where durableEntries[name] === file {
                durableEntries[name] = nil
            }
            durableEntries[new] = file
        case .remove(let name): durableEntries[name] = nil
        }
    }

    private static let failure = "input/output error"

    private func change(_ operation: String, _ name: String) throws(DiskError) {
        guard isAlive() else {
            throw DiskError(operation: "\(operation) \(name)", reason: "the process has ended")
        }
        guard let left = failsAfter else { return }
        failsAfter = left > 0 ? left - 1 : nil
        if left == 0 {
            throw DiskError(operation: "\(operation) \(name)", reason: Self.failure)
        }
    }

    private func take(_ size: Int, for name: String) throws(DiskError) {
        guard room < .max else { return }
        let used = entries.values.reduce(0) { $0 + $1.bytes.count }
        guard used + size <= room else {
            throw DiskError(
                operation: "write \(name)", reason: "no space left on device", isFull: true)
        }
    }

    private func file(_ name: String) throws(DiskError) -> File {
        guard let file = entries[name] else {
            throw DiskError(operation: "read \(name)", reason: "no such file")
        }
        return file
    }
}

extension SimulatedDisk {
    var bytesUsed: Int { entries.values.reduce(0) { $0 + $1.bytes.count } }

    /// What a power cut at this moment would certainly leave.
    func durableNames(with prefix: String) -> [String] {
        durableEntries.keys.filter { $0.hasPrefix(prefix) }.sorted()
    }

    func durableContents(of name: String) -> [UInt8]? { durableEntries[name]?.durable }

    /// The power goes. Of what was not synced, anything may be there afterwards.
    func cutPower(_ random: inout SeededGenerator) {
        switch random.upTo(3) {
        case 0: break
        case 1: for change in changes { apply(change) }
        case 2: for change in changes.prefix(random.upTo(changes.count)) { apply(change) }
        default: for change in changes where random.chance(oneIn: 2) { apply(change) }
        }
        changes.removeAll()
        entries = durableEntries
        for name in entries.keys.sorted() { tear(entries[name]!, &random) }
        failsAfter = nil
    }

    private func tear(_ file: File, _ random: inout SeededGenerator) {
        guard !file.unsynced.isEmpty || file.bytes.count > file.durable.count else {
            file.bytes = file.durable
            return
        }
        let manner = random.upTo(4)
        if file.bytes.count > file.durable.count, manner > 0 {
            let kept = random.upTo(file.bytes.count - file.durable.count)
            file.durable += [UInt8](repeating: 0, count: kept)
        }
        for range in file.unsynced {
            for at in torn(range, manner, &random) where at < file.durable.count {
                file.durable[at] = file.bytes[at]
            }
            if manner == 4, random.chance(oneIn: 2), !range.isEmpty {
                let at = range.lowerBound + random.upTo(range.count - 1)
                if at < file.durable.count { file.durable[at] ^= UInt8(1 << random.upTo(7)) }
            }
        }
        file.unsynced.removeAll()
        file.bytes = file.durable
    }

    /// Which part of an un-synced write has reached the disk.
    private func torn(
        _ range: Range<Int>, _ manner: Int, _ random: inout SeededGenerator
    ) -> Range<Int> {
        switch manner {
        case 0: return range.lowerBound..<range.lowerBound
        case 1: return range
        case 2: return random.chance(oneIn: 2) ? range : range.lowerBound..<range.lowerBound
        case 3: return range.lowerBound..<range.lowerBound + random.upTo(range.count)
        default: return range.upperBound - random.upTo(range.count)..<range.upperBound
        }
    }
}
