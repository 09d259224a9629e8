// SPDX-License-Identifier: Apache-2.0
// A disk in memory that keeps what was synced apart from what was not: a power cut forgets files
// whose folder was not synced, and leaves of unsynced bytes whatever the test chooses.
import Journal

final class LosingDisk: Disk {
    private struct File {
        var bytes: [UInt8]
        var durable: [UInt8]
    }

    private var files: [String: File] = [:]
    private var durableNames: [String: String] = [:]
    /// Stable content by identity: a rename moves a name, not the bytes.
    private var nextIdentity = 0
    private var identities: [String: String] = [:]
    private(set) var calls = 0
    /// Where something was written, in order.
    private(set) var writes: [(name: String, range: Range<Int>)] = []
    /// The call with this number fails, and all after it.
    var failsAt = Int.max

    private func step(_ operation: String) throws(DiskError) {
        calls += 1
        if calls >= failsAt { throw DiskError(operation: operation, reason: "planned failure") }
    }

    func names() throws(DiskError) -> [String] { Array(identities.keys) }

    func contents(of name: String) throws(DiskError) -> [UInt8] {
        guard let identity = identities[name], let file = files[identity] else {
            throw DiskError(operation: "read \(name)", reason: "no such file")
        }
        return file.bytes
    }

    func create(_ name: String, size: Int) throws(DiskError) {
        try step("create")
        precondition(identities[name] == nil, "\(name) exists")
        nextIdentity += 1
        let identity = "#\(nextIdentity)"
        let zeros = [UInt8](repeating: 0, count: size)
        files[identity] = File(bytes: zeros, durable: zeros)
        identities[name] = identity
    }

    func write(_ bytes: Span<UInt8>, to name: String, at offset: Int) throws(DiskError) {
        try step("write")
        writes.append((name, offset..<offset + bytes.count))
        let identity = identities[name]!
        let missing = offset + bytes.count - files[identity]!.bytes.count
        if missing > 0 { files[identity]!.bytes += [UInt8](repeating: 0, count: missing) }
        for index in bytes.indices { files[identity]!.bytes[offset + index] = bytes[index] }
    }

    func sync(_ name: String) throws(DiskError) {
        try step("sync")
        let identity = identities[name]!
        files[identity]!.durable = files[identity]!.bytes
    }

    func syncFolder() throws(DiskError) {
        try step("sync folder")
        durableNames = identities
    }

    func rename(_ name: String, to newName: String) throws(DiskError) {
        try step("rename")
        identities[newName] = identities.removeValue(forKey: name)
    }

    func giveBack(_ name: String, behind size: Int) throws(DiskError) {
        try step("give back")
        let identity = identities[name]!
        precondition(files[identity]!.bytes[size...].allSatisfy { $0 == 0 }, "content is cut")
        files[identity]!.bytes.removeSubrange(size...)
    }

    func remove(_ name: String) throws(DiskError) {
        try step("remove")
        identities[name] = nil
    }

    /// What is left after a power cut: of each unsynced byte, `keeps` decides.
    func cutPower(keeping keeps: () -> Bool) {
        identities = durableNames
        for (identity, file) in files.sorted(by: { $0.key < $1.key }) {
            var left = file.durable
            if left.count < file.bytes.count {
                left += [UInt8](repeating: 0, count: file.bytes.count - left.count)
            }
            for at in file.bytes.indices where left[at] != file.bytes[at] && keeps() {
                left[at] = file.bytes[at]
            }
            files[identity] = File(bytes: left, durable: left)
        }
        failsAt = .max
    }

    /// Makes these bytes zero, on the disk itself.
    func erase(_ name: String, _ range: Range<Int>) {
        let identity = identities[name]!
        for at in range {
            files[identity]!.bytes[at] = 0
            files[identity]!.durable[at] = 0
        }
    }

    func flipByte(of name: String, at offset: Int) {
        let identity = identities[name]!
        files[identity]!.bytes[offset] ^= 0x5a
        files[identity]!.durable[offset] ^= 0x5a
    }
}

/// Writes and syncs before it returns, as a thread would do beside the loop.
final class DirectWriter: BatchWriter {
    /// Mistakes that the tests must notice.
    enum Mistake {
        case forgetsSync
        case forgetsFolder
    }

    private let disk: LosingDisk
    private let mistake: Mistake?
    private(set) var failure: DiskError?

    init(_ disk: LosingDisk, mistake: Mistake? = nil) {
        self.disk = disk
        self.mistake = mistake
    }

    func begin(_ segment: String, header: [UInt8], size: Int) {
        attempt { () throws(DiskError) in
            try disk.create(segment, size: size)
            try disk.write(header.span, to: segment, at: 0)
            try disk.sync(segment)
            if mistake != .forgetsFolder { try disk.syncFolder() }
        }
    }

    func write(
        _ bytes: Span<UInt8>, to segment: String, at offset: Int, number: UInt64
    ) -> Bool {
        let copy = bytes.indices.map { bytes[$0] }
        attempt { () throws(DiskError) in
            try disk.write(copy.span, to: segment, at: offset)
            if mistake != .forgetsSync { try disk.sync(segment) }
        }
        return failure == nil
    }

    private func attempt(_ work: () throws(DiskError) -> Void) {
        guard failure == nil else { return }
        do throws(DiskError) {
            try work()
        } catch {
            failure = error
        }
    }
}
