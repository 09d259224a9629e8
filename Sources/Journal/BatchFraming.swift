// SPDX-License-Identifier: Apache-2.0
// Cuts a stream of records into chained batches, for segments and checkpoints alike.

enum BatchFraming {
    /// How many bytes `count` bytes of records take on disk, in batches of `most` bytes of records.
    static func size(of count: Int, most: Int = BatchHeader.recordBytesMax) -> Int {
        count + max(1, (count + most - 1) / most) * BatchHeader.size
    }

    /// Appends `records` as batches that continue the chain at `position`, and moves it on. They
    /// are one commit, which ends with them unless it `goesOn`.
    static func frame(
        _ records: Span<UInt8>, at position: inout SegmentHome.Position, time: Int64,
        most: Int = BatchHeader.recordBytesMax, goesOn: Bool = false, _ checksum: Checksum,
        into framed: inout ByteBuffer
    ) {
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
                nextRecord = Record.end(records, at: nextRecord)
            }
            let piece = records.extracting(at..<end)
            let (bytes, crc) = header.bytes(over: piece, checksum)
            framed.append(bytes.span)
            framed.append(piece)
            position.previous = crc
            position.nextBatch += 1
            at = end
        } while at < records.count
    }
}
