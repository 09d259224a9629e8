// SPDX-License-Identifier: Apache-2.0
// A large commit is framed by whoever writes it: checksums over a hundred megabytes take longer than
// the loop may be away.

/// Belongs to the writer from `BatchWriter.write` until the commit is durable, and to the home at all
/// other times.
public final class LateFraming: @unchecked Sendable {
    private let records: CommitParts
    private let time: Int64
    private let most: Int
    private let checksum: Checksum
    /// Where the chain stands: behind the commit, once it was framed.
    private(set) var position: SegmentHome.Position
    /// For a writer that wants it in one.
    private var framed = ByteBuffer()

    init(
        _ records: CommitParts, at position: SegmentHome.Position, time: Int64, most: Int,
        _ checksum: @escaping Checksum
    ) {
        self.records = records
        self.position = position
        self.time = time
        self.most = most
        self.checksum = checksum
    }

    /// Gives the framed bytes to `emit`, piece by piece. Once.
    public func run<E: Error>(_ emit: (Span<UInt8>) throws(E) -> Void) throws(E) {
        try BatchFraming.frame(
            records, at: &position, time: time, most: most, checksum, emit: emit)
    }

    /// All of the framed bytes, which stay until this is gone.
    fileprivate func withAll(_ body: (Span<UInt8>) -> Bool) -> Bool {
        run { framed.append($0) }
        return unsafe framed.withBytes(framed.head..<framed.tail) { bytes in
            body(unsafe bytes.bindMemory(to: UInt8.self).span)
        }
    }
}

extension BatchWriter {
    /// For writers that are not beside a loop.
    public func write(
        _ framing: LateFraming, to segment: String, at offset: Int, number: UInt64
    ) -> Bool {
        framing.withAll { write($0, to: segment, at: offset, number: number) }
    }
}
