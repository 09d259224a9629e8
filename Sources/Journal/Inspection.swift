// SPDX-License-Identifier: Apache-2.0
// A look at every file of a journal's folder, for people: what is sound, what was cut, what is
// missing. It judges as Recovery does, goes on where that stops, and changes nothing.

public struct Inspection {
    public enum Condition: Equatable, Sendable {
        case sound
        /// So many bytes behind the last whole commit: a write that was cut, of which nothing was
        /// ever acknowledged.
        case torn(Int)
        /// A checkpoint holds all of it already; nobody needs it any more.
        case superseded
        /// Made, and never written to.
        case blank
        /// Not a file of the journal.
        case foreign
        case damaged(String)
    }

    public struct File: Equatable, Sendable {
        public let name: String
        public let size: Int
        public internal(set) var condition = Condition.sound
        /// The batches in it; for a checkpoint, those that it stands for.
        public internal(set) var batches: ClosedRange<UInt64>?
        public internal(set) var epoch: UInt32?
        public internal(set) var commits = 0
        public internal(set) var records = 0
    }

    /// A record, the bytes it lies in, and the file and the batch that hold it.
    public typealias Visit = (Record, Span<UInt8>, _ file: String, _ batch: UInt64) -> Void

    private let disk: any Disk
    private let visit: Visit
    /// In the order of names: checkpoints, what was set aside, segments.
    public private(set) var files: [File] = []

    public var isDamaged: Bool {
        files.contains { file in
            if case .damaged = file.condition { true } else { false }
        }
    }

    /// Looks at the folder. `visit` gets each record of sound batches.
    public init(of disk: any Disk, _ visit: @escaping Visit = { _, _, _, _ in })
        throws(RecoveryError)
    {
        self.disk = disk
        self.visit = visit
        var names: [String] = []
        try onDisk { () throws(DiskError) in names = try disk.names().sorted() }
        var base = SegmentHome.Position.start
        for name in names where Checkpoint.isCheckpoint(name) {
            if let position = try checkpoint(name) { base = position }
        }
        for name in names where !Checkpoint.isCheckpoint(name) && !SegmentHeader.isSegment(name) {
            try other(name)
        }
        var chain = base
        for name in names where SegmentHeader.isSegment(name) {
            try segment(name, behind: base, &chain)
        }
    }

    private func onDisk(_ work: () throws(DiskError) -> Void) throws(RecoveryError) {
        do throws(DiskError) {
            try work()
        } catch {
            throw .disk(error)
        }
    }

    private func contents(of name: String) throws(RecoveryError) -> [UInt8] {
        var bytes: [UInt8] = []
        try onDisk { () throws(DiskError) in bytes = try disk.contents(of: name) }
        return bytes
    }

    private mutating func checkpoint(
        _ name: String
    ) throws(RecoveryError) -> SegmentHome.Position? {
        var size = 0
        try onDisk { () throws(DiskError) in size = try disk.size(of: name) }
        var file = File(name: name, size: size)
        defer { files.append(file) }
        let reader = CheckpointReader(name, on: disk)
        guard let position = try reader.verifiedPosition(), Checkpoint.name(position) == name else {
            file.condition = .damaged("not whole: the one before it is used")
            return nil
        }
        let visit = self.visit
        var records = 0
        do throws(RecoveryError) {
            try reader.records { bytes throws(RecordError) in
                records += try Self.each(bytes) { visit($0, bytes, name, 0) }
            }
        } catch {
            guard case .record = error else { throw error }
            file.condition = .damaged("\(error)")
        }
        file.records = records
        file.commits = 1
        file.epoch = position.epoch
        if position.nextBatch > 1 { file.batches = 1...position.nextBatch - 1 }
        return position
    }

    private mutating func other(_ name: String) throws(RecoveryError) {
        var size = 0
        try onDisk { () throws(DiskError) in size = try disk.size(of: name) }
        var file = File(name: name, size: size, condition: .foreign)
        if name.hasPrefix("damaged-") {
            file.condition = .damaged("set aside by a start that could not go on with it")
        }
        files.append(file)
    }

    private mutating func segment(
        _ name: String, behind base: SegmentHome.Position, _ chain: inout SegmentHome.Position
    ) throws(RecoveryError) {
        let bytes = try contents(of: name)
        var file = File(name: name, size: bytes.count)
        defer { files.append(file) }
        guard let header = SegmentHeader(bytes.span, disk.checksum) else {
            let isBlank = !bytes.contains { $0 != 0 }
            file.condition = isBlank ? .blank : .damaged("its header is not sound")
            return
        }
        guard header.name == name else {
            file.condition = .damaged("its header is that of \(header.name)")
            return
        }
        file.epoch = header.epoch
        let start = SegmentHome.Position(
            epoch: header.epoch, nextBatch: header.firstBatch, previous: header.previous)
        let end = walk(bytes.span, from: start, &file)
        if end.nextBatch <= base.nextBatch, start.nextBatch < base.nextBatch {
            file.condition = .superseded
        } else if start.nextBatch != chain.nextBatch || start.previous != chain.previous {
            if case .damaged = file.condition { return }
            file.condition = .damaged(Self.gap(from: chain, to: start))
        } else {
            chain = end
        }
    }

    /// Follows the chain within one segment; returns where it ends.
    private func walk(
        _ bytes: Span<UInt8>, from start: SegmentHome.Position, _ file: inout File
    ) -> SegmentHome.Position {
        var commits = CommitReader(at: start, disk.checksum)
        while let commit = commits.next(in: bytes) {
            file.commits += 1
            let records = commit.joined(bytes)
            do throws(RecordError) {
                file.records += try Self.each(records.span) {
                    visit($0, records.span, file.name, commit.number)
                }
            } catch {
                file.condition = .damaged("batch \(commit.number): \(error)")
            }
        }
        let end = commits.position
        if end.nextBatch > start.nextBatch { file.batches = start.nextBatch...end.nextBatch - 1 }
        if file.condition == .sound {
            file.condition = rest(of: bytes, from: commits.end, end)
        }
        return end
    }

    /// What lies behind the last whole commit.
    private func rest(
        of bytes: Span<UInt8>, from end: Int, _ position: SegmentHome.Position
    ) -> Condition {
        var torn = 0
        for at in end..<bytes.count where bytes[at] != 0 { torn += 1 }
        if torn == 0 { return .sound }
        return TornTail.mayBe(bytes, from: end, position, disk.checksum)
            ? .torn(torn) : .damaged("from batch \(position.nextBatch) on it cannot be read")
    }

    /// What lies between the end of the chain and a segment that does not go on with it.
    private static func gap(
        from chain: SegmentHome.Position, to start: SegmentHome.Position
    ) -> String {
        if start.nextBatch > chain.nextBatch {
            let missing = start.nextBatch - chain.nextBatch
            let last = start.nextBatch - 1
            return missing == 1
                ? "batch \(last) is missing before it"
                : "batches \(chain.nextBatch) to \(last) are missing before it"
        }
        return "it does not go on where batch \(chain.nextBatch - 1) ends"
    }

    /// Calls `body` with each record, and counts them.
    private static func each(
        _ bytes: Span<UInt8>, _ body: (Record) -> Void
    ) throws(RecordError) -> Int {
        var count = 0
        var at = 0
        while let record = try Record.read(bytes, at: at) {
            body(record)
            at = record.content.upperBound
            count += 1
        }
        return count
    }
}
