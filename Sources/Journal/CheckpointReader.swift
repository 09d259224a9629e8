// SPDX-License-Identifier: Apache-2.0
// Reads one checkpoint a batch at a time: it may be larger than memory. It is read twice, for
// nothing may be given out before the whole file is known to be sound.

struct CheckpointReader {
    private let disk: any Disk
    private let name: String

    init(_ name: String, on disk: any Disk) {
        self.disk = disk
        self.name = name
    }

    /// The position up to which it holds everything; nil if the file is not one sound commit that
    /// ends with it.
    func verifiedPosition() throws(RecoveryError) -> SegmentHome.Position? {
        let bytes = try part(from: 0, atMost: SegmentHeader.size)
        if let version = SegmentHeader.foreignVersion(bytes.span, disk.checksum) {
            throw .version(version, file: name)
        }
        guard let header = SegmentHeader(bytes.span, disk.checksum),
            try forEachBatch({ _ in })
        else { return nil }
        return SegmentHome.Position(
            epoch: header.epoch, nextBatch: header.firstBatch, previous: header.previous)
    }

    /// Gives all records to `take`, whole ones only, some at a time.
    func records(
        _ take: (Span<UInt8>) throws(RecordError) -> Void
    ) throws(RecoveryError) {
        // The beginning of a record that goes on in the next batch.
        var carried: [UInt8] = []
        let isSound = try forEachBatch { records throws(RecoveryError) in
            carried.reserveCapacity(carried.count + records.count)
            unsafe records.withUnsafeBufferPointer { unsafe carried.append(contentsOf: $0) }
            let end = Record.endOfLast(carried.span)
            try give(carried.span.extracting(..<end), take)
            carried.removeFirst(end)
        }
        guard isSound else { throw .broken(segment: name) }
        // What is left is no record: whoever takes it says so.
        try give(carried.span, take)
    }

    private func give(
        _ records: Span<UInt8>, _ take: (Span<UInt8>) throws(RecordError) -> Void
    ) throws(RecoveryError) {
        guard !records.isEmpty else { return }
        do throws(RecordError) {
            try take(records)
        } catch {
            throw .record(error, segment: name, batch: 0)
        }
    }

    /// Whether the chain goes on soundly to the end of the commit, and the file ends there.
    private func forEachBatch(
        _ take: (Span<UInt8>) throws(RecoveryError) -> Void
    ) throws(RecoveryError) -> Bool {
        var chain = SegmentHome.Position.start
        var at = SegmentHeader.size
        while true {
            let bytes = try part(from: at, atMost: BatchHeader.size + BatchHeader.recordBytesMax)
            guard let batch = chain.advance(bytes.span, at: 0, disk.checksum) else { return false }
            let end = BatchHeader.size + Int(batch.length)
            try take(bytes.span.extracting(BatchHeader.size..<end))
            at += end
            if !batch.goesOn { return try part(from: at, atMost: 1).isEmpty }
        }
    }

    private func part(from offset: Int, atMost count: Int) throws(RecoveryError) -> [UInt8] {
        do throws(DiskError) {
            return try disk.contents(of: name, from: offset, atMost: count)
        } catch {
            throw .disk(error)
        }
    }
}

extension SegmentHome.Position {
    /// Moves past the batch that begins at `at`, if a sound one that follows is there.
    mutating func advance(
        _ bytes: Span<UInt8>, at: Int, _ checksum: Checksum
    ) -> BatchHeader? {
        guard let (batch, crc) = BatchHeader.read(bytes, at: at, checksum),
            batch.number == nextBatch, batch.previous == previous, batch.first <= batch.length
        else { return nil }
        nextBatch += 1
        previous = crc
        epoch = max(epoch, batch.epoch)
        return batch
    }
}
