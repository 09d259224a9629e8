// SPDX-License-Identifier: Apache-2.0
// Reads a folder of segments back: the longest chain of sound batches, in order. A torn end is cut
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
    /// Bytes behind the last sound batch that are not zero, over all segments.
    public var tornBytes = 0
    /// Files that were set aside, under their old names.
    public var setAside: [String] = []
    /// The beginning of a record whose end is not there.
    public var cutRecordBytes = 0
}

public enum RecoveryError: Error, Equatable, CustomStringConvertible {
    case disk(DiskError)
    /// A sound batch holds what this version does not understand: it is refused, never skipped.
    case record(RecordError, segment: String, batch: UInt64)

    public var description: String {
        switch self {
        case .disk(let error): error.description
        case .record(let error, let segment, let batch):
            "\(segment), batch \(batch): \(error)"
        }
    }
}

/// Recovers the records of a journal. Use it once.
public struct Recovery: ~Copyable {
    private let disk: any Disk
    private let checksum: Checksum
    /// The segments to read, and no more; nil for all, which are then made sound.
    private let only: [String]?
    private var report: RecoveryReport
    /// The beginning of a record that goes on in the next batch.
    private var carried: [UInt8] = []

    /// `position` is that of a checkpoint that holds everything before it. With `only`, the folder
    /// is left as it is: somebody else is writing to it.
    public init(
        from disk: any Disk, after position: SegmentHome.Position = .start,
        only: [String]? = nil
    ) {
        self.disk = disk
        checksum = disk.checksum
        self.only = only
        report = RecoveryReport(position: position)
    }

    /// Calls `take` with whole records, in order. What was read is durable when this returns: a
    /// batch that was written but not synced could otherwise vanish under its successors.
    public mutating func run(
        _ take: (Span<UInt8>) throws(RecordError) -> Void
    ) throws(RecoveryError) -> RecoveryReport {
        let names = try Self.onDisk { () throws(DiskError) in try segmentNames() }
        for (index, name) in names.enumerated() {
            let bytes = try Self.onDisk { () throws(DiskError) in try disk.contents(of: name) }
            if try segment(name, bytes, take) {
                report.segments.append(name)
                guard only == nil else { continue }
                try Self.onDisk { () throws(DiskError) in try disk.sync(name) }
            } else if only == nil, !isSuperseded(bytes) {
                try Self.onDisk { () throws(DiskError) in try setAside(names[index...]) }
                break
            }
        }
        if only == nil { try Self.onDisk { () throws(DiskError) in try disk.syncFolder() } }
        report.cutRecordBytes += carried.count
        report.position.epoch += 1
        return report
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
        return try disk.names().filter(SegmentHeader.isSegment).sorted()
    }

    /// A segment that a checkpoint holds already, waiting to be deleted.
    private func isSuperseded(_ bytes: [UInt8]) -> Bool {
        SegmentHeader(bytes.span, checksum).map { $0.firstBatch < report.position.nextBatch }
            ?? false
    }

    /// False if the segment does not continue the chain.
    private mutating func segment(
        _ name: String, _ file: [UInt8], _ take: (Span<UInt8>) throws(RecordError) -> Void
    ) throws(RecoveryError) -> Bool {
        let bytes = file.span
        guard let header = SegmentHeader(bytes, checksum),
            header.firstBatch == report.position.nextBatch,
            header.previous == report.position.previous
        else { return false }
        report.position.epoch = max(report.position.epoch, header.epoch)
        // A record never goes on in another segment: its writer died before its end.
        report.cutRecordBytes += carried.count
        carried = []
        var at = SegmentHeader.size
        while let (batch, crc) = nextBatch(bytes, at) {
            let start = at + BatchHeader.size
            at = start + Int(batch.length)
            do throws(RecordError) {
                try give(bytes.extracting(start..<at), first: Int(batch.first), take)
            } catch {
                throw .record(error, segment: name, batch: batch.number)
            }
            report.position.nextBatch += 1
            report.position.previous = crc
            report.batches += 1
            report.recordBytes += Int(batch.length)
        }
        report.tornBytes += file[at...].count { $0 != 0 }
        return true
    }

    private func nextBatch(_ bytes: Span<UInt8>, _ at: Int) -> (BatchHeader, UInt32)? {
        guard let (header, crc) = BatchHeader.read(bytes, at: at, checksum),
            header.number == report.position.nextBatch,
            header.previous == report.position.previous, header.first <= header.length
        else { return nil }
        return (header, crc)
    }

    /// Joins what the batch before began, and keeps what the next one ends.
    private mutating func give(
        _ records: Span<UInt8>, first: Int, _ take: (Span<UInt8>) throws(RecordError) -> Void
    ) throws(RecordError) {
        if !carried.isEmpty {
            for index in 0..<first { carried.append(records[index]) }
            guard first < records.count || Self.endOfLastRecord(carried.span) == carried.count
            else { return }
            let complete = carried
            carried = []
            try take(complete.span)
        }
        let begun = records.extracting(first...)
        let end = Self.endOfLastRecord(begun)
        carried = (end..<begun.count).map { begun[$0] }
        if end > 0 { try take(begun.extracting(..<end)) }
    }

    private static func endOfLastRecord(_ bytes: Span<UInt8>) -> Int {
        var at = 0
        while bytes.count - at >= Record.headerSize {
            let end = Record.end(bytes, at: at)
            guard end <= bytes.count else { break }
            at = end
        }
        return at
    }

    /// Nothing behind the break in the chain can be trusted; the names tell what is missing.
    private mutating func setAside(_ names: ArraySlice<String>) throws(DiskError) {
        for name in names {
            try disk.rename(name, to: "damaged-\(name)")
            report.setAside.append(name)
        }
    }
}
