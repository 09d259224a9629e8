// SPDX-License-Identifier: Apache-2.0
// The end of a segment behind the last whole commit: what a process that died left of the one commit
// that it was writing, or what is left behind damage.

/// Where writing may go on.
public struct SegmentTail: Equatable, Sendable {
    public let segment: String
    /// The bytes from here on are zero.
    public let end: Int
    public let size: Int
}

public enum TornTail {
    /// Whether the bytes from `end` can be the rest of one commit that was never finished. One is in
    /// flight at a time, and all of its batches but the last are full, so that each has its place.
    /// A sound batch in any other place was written after a later commit had begun: then what
    /// stands at `end` had been finished, and is damaged.
    public static func mayBe(
        _ bytes: Span<UInt8>, from end: Int, _ position: SegmentHome.Position,
        _ checksum: Checksum, recordBytesMax: Int = BatchHeader.recordBytesMax
    ) -> Bool {
        let full = BatchHeader.size + recordBytesMax
        var ended: UInt64?
        for at in end..<max(end, bytes.count - BatchHeader.size + 1) {
            guard bytes[at] == UInt8(truncatingIfNeeded: BatchHeader.magic),
                let (batch, _) = BatchHeader.read(bytes, at: at, checksum),
                batch.number >= position.nextBatch
            else { continue }
            let place = Int(min(batch.number - position.nextBatch, 1 << 32)) * full
            let isFull = !batch.goesOn || batch.length == recordBytesMax
            guard at - end == place, isFull, ended == nil else { return false }
            if !batch.goesOn { ended = batch.number }
        }
        return true
    }
}
