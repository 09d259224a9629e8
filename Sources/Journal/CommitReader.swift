// SPDX-License-Identifier: Apache-2.0
// Reads what was committed, commit after commit, from the bytes of one segment or checkpoint. A
// commit is there with all of its batches or not at all: the chain never moves past a part of one.

/// One commit, found in place.
public struct Commit {
    /// Where the records of its first batch lie.
    public let first: Range<Int>
    /// And those of the batches after that: few commits have any.
    public fileprivate(set) var others: [Range<Int>] = []
    /// The number of its first batch.
    public let number: UInt64

    public var batches: Int { 1 + others.count }

    public var recordBytes: Int { others.reduce(first.count) { $0 + $1.count } }

    /// Its records, in one piece.
    public func joined(_ bytes: Span<UInt8>) -> [UInt8] {
        var records: [UInt8] = []
        records.reserveCapacity(recordBytes)
        for range in [first] + others {
            let piece = bytes.extracting(range)
            unsafe piece.withUnsafeBufferPointer { unsafe records.append(contentsOf: $0) }
        }
        return records
    }
}

/// Walks the chain through one file.
public struct CommitReader {
    private let checksum: Checksum

    /// Where the chain stands behind the last whole commit.
    public private(set) var position: SegmentHome.Position
    /// Where that ends in the file.
    public private(set) var end = SegmentHeader.size

    /// `position` is that of the file's first batch.
    public init(at position: SegmentHome.Position, _ checksum: @escaping Checksum) {
        self.position = position
        self.checksum = checksum
    }

    /// The next whole commit; nil where the chain ends.
    public mutating func next(in bytes: Span<UInt8>) -> Commit? {
        var chain = position
        var at = end
        var commit: Commit?
        while let batch = chain.advance(bytes, at: at, checksum) {
            let start = at + BatchHeader.size
            at = start + Int(batch.length)
            if commit == nil {
                commit = Commit(first: start..<at, number: batch.number)
            } else {
                commit?.others.append(start..<at)
            }
            guard !batch.goesOn else { continue }
            position = chain
            end = at
            return commit
        }
        return nil
    }
}
