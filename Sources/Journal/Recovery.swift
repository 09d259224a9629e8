// SPDX-License-Identifier: Apache-2.0
// Reads a folder of segments back: the longest chain of whole commits, in order. A torn end is cut
// and told. Behind damage in the middle nothing is provably right, so the rest is set aside under
// another name, and told; the folder is always usable afterwards.

/// What recovery found, besides the records that it gave out.
public struct RecoveryReport: Equatable, Sendable {
    /// Where the chain ended, and under which epoch writing goes on.
    public var position: SegmentHome.Position
    /// The segments that hold the chain, oldest first.
    public var segments: [String] = []
    public var batches = 0
    public var recordBytes = 0
    /// Bytes behind the last whole commit that are not zero, over all segments.
    public var tornBytes = 0
    /// Segments that do not continue the chain, under their old names: they were set aside, unless
    /// the folder was to be left as it is.
    public var setAside: [String] = []
    /// The segment in which the chain ended although more was committed behind that.
    public var damaged: String?
    /// Where writing may go on; nil for a new segment.
    public var tail: SegmentTail?

    /// Something that was committed may be missing.
    public var isDamaged: Bool { damaged != nil || !setAside.isEmpty }
}

public enum RecoveryError: Error, Equatable, CustomStringConvertible {
    case disk(DiskError)
    /// A sound batch holds what this version does not understand: it is refused, never skipped.
    case record(RecordError, segment: String, batch: UInt64)
    /// A file of another version is refused: it is neither damage nor empty.
    case version(UInt16, file: String)
    /// A segment that should go on with the chain does not.
    case broken(segment: String)

    public var description: String {
        switch self {
        case .disk(let error): error.description
        case .record(let error, let segment, let batch):
            "\(segment), batch \(batch): \(error)"
        case .version(let version, let file):
            "\(file) is of version \(version), this program reads another"
        case .broken(let segment): "\(segment) does not go on where the one before it ends"
        }
    }
}

/// Recovers the records of a journal. Use it once.
public struct Recovery: ~Copyable {
    private let disk: any Disk
    private let checksum: Checksum
    /// The segments to read, and no more; nil for all, which are then made sound.
    private let only: [String]?
    private let recordBytesMax: Int
    private var report: RecoveryReport
    /// Where the segment that was read last has nothing any more.
    private var contentEnd = 0

    /// `position` is that of a checkpoint that holds everything before it. With `only`, the folder
    /// is left as it is: somebody else is writing to it.
    public init(
        from disk: any Disk, after position: SegmentHome.Position = .start,
        only: [String]? = nil, recordBytesMax: Int = BatchHeader.recordBytesMax
    ) {
        self.disk = disk
        checksum = disk.checksum
        self.only = only
        self.recordBytesMax = recordBytesMax
        report = RecoveryReport(position: position)
    }

    /// Calls `take` with the records of whole commits, in order. What was read is durable when this
    /// returns: a batch that was written but not synced could otherwise vanish under its successors.
    public mutating func run(
        _ take: (Span<UInt8>) throws(RecordError) -> Void
    ) throws(RecoveryError) -> RecoveryReport {
        let names = try Self.onDisk { () throws(DiskError) in try segmentNames() }
        var last: ReadSegment?
        for (index, name) in names.enumerated() {
            guard !isSuperseded(name) else { continue }
            let bytes = try Self.onDisk { () throws(DiskError) in
                // Those before the last were synced before the next was begun.
                if only == nil, index == names.count - 1 { try disk.confirm(name) }
                return try disk.contents(of: name)
            }
            guard let end = try segment(name, bytes, take) else {
                try Self.onDisk { () throws(DiskError) in try setAside(names[index...]) }
                break
            }
            report.segments.append(name)
            guard only == nil else { continue }
            if let last { try Self.onDisk { () throws(DiskError) in try settle(last) } }
            last = ReadSegment(name: name, bytes: bytes, end: end, contentEnd: contentEnd)
        }
        if only == nil {
            try Self.onDisk { () throws(DiskError) in
                if let last { try prepareTail(last) }
                try disk.syncFolder()
            }
        }
        report.position.epoch += 1
        return report
    }

    private struct ReadSegment {
        let name: String
        let bytes: [UInt8]
        /// Behind the last whole commit.
        let end: Int
        /// Behind the last byte that is not zero.
        let contentEnd: Int
    }

    /// Nobody will write to this segment any more. The room that it has left is given back.
    private func settle(_ segment: ReadSegment) throws(DiskError) {
        if segment.contentEnd < segment.bytes.count {
            try disk.giveBack(segment.name, behind: segment.contentEnd)
        }
        try disk.sync(segment.name)
    }

    /// The last segment takes what comes next, so that a start needs no space. A torn end is made
    /// zero for that; damage is left as it is, and the bytes behind it too. What was committed is
    /// never written over: a power cut could take it.
    private mutating func prepareTail(_ segment: ReadSegment) throws(DiskError) {
        let content = segment.bytes.span.extracting(..<segment.contentEnd)
        guard
            TornTail.mayBe(
                content, from: segment.end, report.position, checksum,
                recordBytesMax: recordBytesMax)
        else {
            report.damaged = segment.name
            return try settle(segment)
        }
        if segment.end < segment.contentEnd {
            let zeros = [UInt8](repeating: 0, count: segment.contentEnd - segment.end)
            try disk.write(zeros.span, to: segment.name, at: segment.end)
            try disk.sync(segment.name)
        }
        guard report.setAside.isEmpty else { return }
        report.tail = SegmentTail(
            segment: segment.name, end: segment.end, size: segment.bytes.count)
    }

    /// Behind the last byte that is not zero. Torn bytes stay, for those who want to see them.
    private static func endOfContent(_ bytes: Span<UInt8>) -> Int {
        var end = bytes.count
        while end >= 8 {
            let word = unsafe bytes.bytes.unsafeLoadUnaligned(
                fromByteOffset: end - 8, as: UInt64.self)
            guard word == 0 else { break }
            end -= 8
        }
        while end > 0, bytes[end - 1] == 0 { end -= 1 }
        return end
    }

    private static func onDisk<T>(_ work: () throws(DiskError) -> T) throws(RecoveryError) -> T {
        do throws(DiskError) {
            return try work()
        } catch {
            throw .disk(error)
        }
    }

    private func segmentNames() throws(DiskError) -> [String] {
        if let only { return only }
        let names = try disk.names()
        // What was being made has no meaning, and its space may be dear.
        for name in names where name.hasSuffix("-unfinished") { try disk.remove(name) }
        return names.filter(SegmentHeader.isSegment).sorted()
    }

    /// A segment that a checkpoint holds already, and nobody needs any more. Its name tells: whether
    /// it is sound does not matter.
    private func isSuperseded(_ name: String) -> Bool {
        name < SegmentHeader.name(firstBatch: report.position.nextBatch, epoch: 0)
    }

    /// Where the chain ends in this segment; nil if the segment does not continue it.
    private mutating func segment(
        _ name: String, _ file: [UInt8], _ take: (Span<UInt8>) throws(RecordError) -> Void
    ) throws(RecoveryError) -> Int? {
        let bytes = file.span
        if let version = SegmentHeader.foreignVersion(bytes, checksum) {
            throw .version(version, file: name)
        }
        guard let header = SegmentHeader(bytes, checksum), header.name == name,
            header.firstBatch == report.position.nextBatch,
            header.previous == report.position.previous
        else { return nil }
        report.position.epoch = max(report.position.epoch, header.epoch)
        var commits = CommitReader(at: report.position, checksum)
        while let commit = commits.next(in: bytes) {
            do throws(RecordError) {
                try Self.give(commit, bytes, take)
            } catch {
                throw .record(error, segment: name, batch: commit.number)
            }
            report.batches += commit.batches
            report.recordBytes += commit.recordBytes
        }
        report.position = commits.position
        // The last commit may end with zeros.
        contentEnd = max(commits.end, Self.endOfContent(bytes))
        report.tornBytes += file[commits.end..<contentEnd].count { $0 != 0 }
        return commits.end
    }

    private static func give(
        _ commit: Commit, _ bytes: Span<UInt8>,
        _ take: (Span<UInt8>) throws(RecordError) -> Void
    ) throws(RecordError) {
        if commit.others.isEmpty {
            try take(bytes.extracting(commit.first))
        } else {
            try take(commit.joined(bytes).span)
        }
    }

    /// Nothing behind the break in the chain can be trusted; the names tell what is missing. Later
    /// epochs than theirs keep the names of what is written from here on apart from them.
    private mutating func setAside(_ names: ArraySlice<String>) throws(DiskError) {
        for name in names {
            if let epoch = SegmentHeader.epoch(of: name), epoch < .max {
                report.position.epoch = max(report.position.epoch, epoch)
            }
            if only == nil { try disk.rename(name, to: "damaged-\(name)") }
            report.setAside.append(name)
        }
    }
}
