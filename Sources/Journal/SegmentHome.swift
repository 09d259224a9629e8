// SPDX-License-Identifier: Apache-2.0
// The journal's home on a disk: a folder of segment files. It frames what is staged into chained
// batches and places them; writing and syncing is done by a `BatchWriter`, beside the loop in the
// real world. A batch never lies in two segments, and a segment is whole on disk, name and space
// included, before the first batch goes into it.

/// Makes bytes durable, one call at a time. True when they are durable on return; otherwise whoever
/// owns the writer calls `Journal.committed` later.
public protocol BatchWriter: AnyObject {
    func write(
        _ bytes: Span<UInt8>, to segment: String, at offset: Int, number: UInt64
    ) -> Bool
    /// The same for what is yet to be framed.
    func write(
        _ framing: LateFraming, to segment: String, at offset: Int, number: UInt64
    ) -> Bool
    /// Makes a segment with this header in front, of `size` bytes, durable before any later write.
    func begin(_ segment: String, header: [UInt8], size: Int)
}

public final class SegmentHome: Journal.Home {
    /// Where the chain stands.
    public struct Position: Equatable, Sendable {
        public var epoch: UInt32
        public var nextBatch: UInt64
        public var previous: UInt32

        public init(epoch: UInt32, nextBatch: UInt64, previous: UInt32) {
            self.epoch = epoch
            self.nextBatch = nextBatch
            self.previous = previous
        }

        /// Of a journal without a batch.
        public static let start = Position(epoch: 0, nextBatch: 1, previous: 0)
    }

    private let writer: any BatchWriter
    private let checksum: Checksum
    private let segmentSize: Int
    private let recordBytesMax: Int
    private let now: () -> Int64
    private var position: Position
    private var segment: (name: String, end: Int, size: Int)?
    private var framed = ByteBuffer()
    /// The last commit is the first of its segment.
    private var hasBegun = false
    /// The last commit, if it was framed by the writer: the chain goes on where it says.
    private var late: LateFraming?

    /// Segments that are complete, oldest first.
    public private(set) var sealed: [String] = []
    public private(set) var bytesWritten: UInt64 = 0
    /// The number of the commit that came last; 0 before the first.
    private(set) var lastCommit: UInt64 = 0

    /// `position` is where recovery ended, under a new epoch, and `tail` the place in a segment for
    /// that, if there is one. `now` gives nanoseconds since 1970.
    public init(
        at position: Position, segmentSize: Int, writer: any BatchWriter, sealed: [String],
        tail: SegmentTail? = nil,
        recordBytesMax: Int = BatchHeader.recordBytesMax,
        checksum: @escaping Checksum = CRC32C.checksum, now: @escaping () -> Int64
    ) {
        self.position = position
        self.segmentSize = segmentSize
        self.writer = writer
        self.sealed = sealed.filter { $0 != tail?.segment }
        segment = tail.map { ($0.segment, $0.end, $0.size) }
        self.recordBytesMax = recordBytesMax
        self.checksum = checksum
        self.now = now
    }

    /// Bytes that the segment in use can still take.
    public var roomLeft: Int { segment.map { $0.size - $0.end } ?? 0 }

    public func commit(_ batch: Span<UInt8>, number: UInt64) -> Bool {
        lastCommit = number
        let offset = takePlace(for: batch.count)
        framed.removeAll()
        BatchFraming.frame(
            CommitParts(batch), at: &position, time: now(), most: recordBytesMax, checksum
        ) { framed.append($0) }
        return unsafe framed.withBytes(framed.head..<framed.tail) { bytes in
            let span = unsafe bytes.bindMemory(to: UInt8.self).span
            return writer.write(span, to: segment!.name, at: offset, number: number)
        }
    }

    public func commit(_ batch: CommitParts, number: UInt64) -> Bool {
        lastCommit = number
        let offset = takePlace(for: batch.count)
        let framing = LateFraming(
            batch, at: position, time: now(), most: recordBytesMax, checksum)
        late = framing
        return writer.write(framing, to: segment!.name, at: offset, number: number)
    }

    /// Where in the segment a commit of so many bytes of records goes. The one before is durable.
    private func takePlace(for count: Int) -> Int {
        if let late {
            position = late.position
            self.late = nil
        }
        let size = BatchFraming.size(of: count, most: recordBytesMax)
        makeRoom(for: size)
        defer { segment!.end += size }
        bytesWritten += UInt64(size)
        return segment!.end
    }

    private func makeRoom(for size: Int) {
        hasBegun = false
        if let segment, segment.size - segment.end >= size { return }
        hasBegun = true
        if let segment { sealed.append(segment.name) }
        let header = SegmentHeader(
            epoch: position.epoch, firstBatch: position.nextBatch, previous: position.previous)
        let total = max(segmentSize, SegmentHeader.size + size)
        writer.begin(header.name, header: header.bytes(checksum), size: total)
        segment = (header.name, SegmentHeader.size, total)
    }

    /// A segment is in use that was so before the last commit, and it is known here where the chain
    /// stands. One that is yet to be made may have to wait for space.
    public var canSeal: Bool { late == nil && segment != nil && !hasBegun }

    /// The segment in use is complete, and the next commit begins another. `records` are the state
    /// behind all that was committed.
    public func seal(with records: [[UInt8]]) -> LivingState {
        precondition(canSeal, "where the chain stands is not known")
        sealed.append(segment!.name)
        segment = nil
        return LivingState(
            records: records, segments: sealed, position: position, commit: lastCommit)
    }

    /// These segments are not needed any more and gone.
    public func forget(_ names: Set<String>) {
        sealed.removeAll { names.contains($0) }
    }
}
