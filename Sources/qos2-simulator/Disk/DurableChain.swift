// SPDX-License-Identifier: Apache-2.0
// Reads from a disk what a power cut at this moment would certainly leave: the chain of batches,
// batch by batch as they become durable. It shares no code with gates and recovery but the form of
// a batch, so that it can judge both.
import Journal

struct DurableChain {
    private let disk: SimulatedDisk
    private var segment: (name: String, at: Int)?
    private(set) var count: UInt64 = 0
    private var previous: UInt32 = 0

    init(_ disk: SimulatedDisk) {
        self.disk = disk
    }

    /// The records of the next batch, if it is durable.
    mutating func next() -> [UInt8]? {
        if let segment, let records = take(segment.name, at: segment.at) { return records }
        // A process begins a segment of its own; an older one of the same number may be empty.
        let prefix = SegmentHeader.name(firstBatch: count + 1, epoch: 0).dropLast(8)
        for name in disk.durableNames(with: String(prefix)) where name != segment?.name {
            if let records = take(name, at: SegmentHeader.size) { return records }
        }
        return nil
    }

    private mutating func take(_ name: String, at: Int) -> [UInt8]? {
        guard let bytes = disk.durableContents(of: name) else { return nil }
        if at == SegmentHeader.size {
            guard let header = SegmentHeader(bytes.span, CRC32C.checksum),
                header.firstBatch == count + 1, header.previous == previous
            else { return nil }
        }
        guard let (header, crc) = BatchHeader.read(bytes.span, at: at, CRC32C.checksum),
            header.number == count + 1, header.previous == previous
        else { return nil }
        precondition(header.first == 0, "no commit here is larger than a batch")
        let start = at + BatchHeader.size
        let end = start + Int(header.length)
        count += 1
        previous = crc
        segment = (name, end)
        return Array(bytes[start..<end])
    }
}
