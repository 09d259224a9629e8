// SPDX-License-Identifier: Apache-2.0
//
// A folder in memory whose files come from an input: whole segments and checkpoints that are damaged
// in one place or another, or bytes that were never a journal.
@testable import Journal

final class ScriptedDisk: Disk {
    private(set) var files: [String: [UInt8]] = [:]
    /// Nothing is verified: arbitrary bytes get past the checksums.
    private let isTrusting: Bool

    private init(isTrusting: Bool) {
        self.isTrusting = isTrusting
    }

    var checksum: Checksum {
        isTrusting ? { @Sendable (_, _) in 0 } : CRC32C.checksum
    }

    func names() throws(DiskError) -> [String] { files.keys.sorted() }

    func contents(of name: String) throws(DiskError) -> [UInt8] {
        guard let bytes = files[name] else {
            throw DiskError(operation: "read \(name)", reason: "no such file")
        }
        return bytes
    }

    func create(_ name: String, size: Int) throws(DiskError) {
        precondition(files[name] == nil, "\(name) exists")
        files[name] = [UInt8](repeating: 0, count: size)
    }

    func write(_ bytes: Span<UInt8>, to name: String, at offset: Int) throws(DiskError) {
        var file = files[name]!
        let missing = offset + bytes.count - file.count
        if missing > 0 { file += [UInt8](repeating: 0, count: missing) }
        for index in bytes.indices { file[offset + index] = bytes[index] }
        files[name] = file
    }

    func sync(_ name: String) throws(DiskError) {}

    func syncFolder() throws(DiskError) {}

    func rename(_ name: String, to newName: String) throws(DiskError) {
        files[newName] = files.removeValue(forKey: name)
    }

    func remove(_ name: String) throws(DiskError) { files[name] = nil }

    func giveBack(_ name: String, behind size: Int) throws(DiskError) {
        precondition(files[name]![size...].allSatisfy { $0 == 0 }, "content is cut")
        files[name]!.removeSubrange(size...)
    }
}

extension ScriptedDisk {
    /// At most three files; the rest of the script is the last one's.
    convenience init(_ script: inout Script) {
        let choice = script.byte()
        self.init(isTrusting: choice & 1 != 0)
        var position = SegmentHome.Position.start
        position.epoch = 1
        for _ in 0...Int(choice >> 1 & 1) where !script.isAtEnd {
            put(&script, &position)
        }
        if choice & 4 != 0 { putRaw(&script) }
    }

    /// A file of batches that goes on with the chain, if nothing is damaged.
    private func put(_ script: inout Script, _ position: inout SegmentHome.Position) {
        let choice = script.byte()
        if choice & 1 != 0 { position.epoch += 1 }
        if choice & 2 != 0 { position.nextBatch += UInt64(script.byte()) }
        let header = SegmentHeader(
            epoch: position.epoch, firstBatch: position.nextBatch, previous: position.previous)
        var bytes = header.bytes(checksum)
        let isCheckpoint = choice & 4 != 0
        var chain = isCheckpoint ? SegmentHome.Position.start : position
        for _ in 0...Int(choice >> 3 & 3) {
            bytes += batch(&script, &chain, goesOn: choice & 32 != 0)
        }
        if isCheckpoint { bytes += batch([], &chain, goesOn: false) }
        if choice & 64 != 0 { bytes += [UInt8](repeating: 0, count: script.below(100)) }
        if choice & 128 != 0, !bytes.isEmpty {
            bytes[Int(script.twoBytes()) % bytes.count] = script.byte()
        }
        let name = isCheckpoint ? Checkpoint.name(position) : header.name
        if !isCheckpoint { position = chain }
        if files[name] == nil { files[name] = bytes }
    }

    private func batch(
        _ script: inout Script, _ chain: inout SegmentHome.Position, goesOn: Bool
    ) -> [UInt8] {
        batch(script.bytes(Int(script.byte())), &chain, goesOn: goesOn)
    }

    private func batch(
        _ records: [UInt8], _ chain: inout SegmentHome.Position, goesOn: Bool
    ) -> [UInt8] {
        let header = BatchHeader(
            goesOn: goesOn, epoch: chain.epoch, number: chain.nextBatch,
            previous: chain.previous, first: 0, time: 0, length: UInt32(records.count))
        let (bytes, crc) = header.bytes(over: records.span, checksum)
        chain.previous = crc
        chain.nextBatch += 1
        return bytes + records
    }

    private func putRaw(_ script: inout Script) {
        let header = SegmentHeader(epoch: 1, firstBatch: UInt64(script.below(4)), previous: 0)
        let name = script.pick([
            header.name, "checkpoint-0000000000000001-00000001", "damaged-segment", "spare",
            "checkpoint-unfinished",
        ])
        if files[name] == nil { files[name] = script.rest() }
    }
}

/// Writes where a `SegmentHome` says, at once.
final class ScriptedWriter: BatchWriter {
    private let disk: ScriptedDisk

    init(_ disk: ScriptedDisk) { self.disk = disk }

    func write(
        _ bytes: Span<UInt8>, to segment: String, at offset: Int, number: UInt64
    ) -> Bool {
        (try? disk.write(bytes, to: segment, at: offset)) != nil
    }

    func begin(_ segment: String, header: [UInt8], size: Int) {
        guard (try? disk.create(segment, size: size)) != nil else { return }
        try? disk.write(header.span, to: segment, at: 0)
    }
}
