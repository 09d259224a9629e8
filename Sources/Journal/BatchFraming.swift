// SPDX-License-Identifier: Apache-2.0
// Cuts a stream of records into chained batches, for segments and checkpoints alike.

enum BatchFraming {
    /// How many bytes `count` bytes of records take on disk, in batches of `most` bytes of records.
    static func size(of count: Int, most: Int = BatchHeader.recordBytesMax) -> Int {
        count + max(1, (count + most - 1) / most) * BatchHeader.size
    }

    /// Gives `records` to `emit` as batches that continue the chain at `position`, and moves it on. They
    /// are one commit, which ends with them unless it `goesOn`.
    static func frame<E: Error>(
        _ records: CommitParts, at position: inout SegmentHome.Position, time: Int64,
        most: Int = BatchHeader.recordBytesMax, goesOn: Bool = false, _ checksum: Checksum,
        emit: (Span<UInt8>) throws(E) -> Void
    ) throws(E) {
        var at = 0
        var nextRecord = 0
        repeat {
            let end = min(records.count, at + most)
            let header = BatchHeader(
                goesOn: goesOn || end < records.count, epoch: position.epoch,
                number: position.nextBatch, previous: position.previous,
                first: UInt32(min(nextRecord, end) - at), time: time, length: UInt32(end - at))
            // Behind the last piece nobody asks where a record begins.
            while end < records.count, nextRecord < end {
                nextRecord += Record.headerSize + Int(records.little32(at: nextRecord + 4))
            }
            try records.withBytes(at..<end) { piece throws(E) in
                let (bytes, crc) = header.bytes(over: piece, checksum)
                try emit(bytes.span)
                try emit(piece)
                position.previous = crc
            }
            position.nextBatch += 1
            at = end
        } while at < records.count
    }
}
