// SPDX-License-Identifier: Apache-2.0
// The form of a segment file: a header that says where in the chain it begins, then batches, then
// zeros. Its name says the epoch under which it was begun; a later process may go on in it.
//
//     0       4         6       8        12      16               24          28      32
//     ┌───────┬─────────┬───────┬────────┬───────┬────────────────┬───────────┬───────┬─────────
//     │ magic │ version │ shard │ zero   │ epoch │ first batch    │ previous  │ CRC   │ batches…
//     └───────┴─────────┴───────┴────────┴───────┴────────────────┴───────────┴───────┴─────────

public struct SegmentHeader: Equatable, Sendable {
    public static let size = 32
    private static let magic: UInt32 = 0x736a_3271  // "q2js"
    private static let formatVersion: UInt16 = 2

    public var shard: UInt16 = 0
    public var epoch: UInt32
    public var firstBatch: UInt64
    /// The CRC of the batch before the first one.
    public var previous: UInt32

    public var name: String { Self.name(firstBatch: firstBatch, epoch: epoch) }

    /// Sorts in the order of the chain.
    public static func name(firstBatch: UInt64, epoch: UInt32) -> String {
        "segment-\(firstBatch.hex(16))-\(UInt64(epoch).hex(8))"
    }

    /// The epoch that a segment's name says.
    static func epoch(of name: String) -> UInt32? { UInt32(name.suffix(8), radix: 16) }

    public static func isSegment(_ name: String) -> Bool {
        name.hasPrefix("segment-") && name.utf8.count == 33
    }

    public func bytes(_ checksum: Checksum) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(little: Self.magic)
        bytes.append(little: Self.formatVersion)
        bytes.append(little: shard)
        bytes.append(little: UInt32(0))
        bytes.append(little: epoch)
        bytes.append(little: firstBatch)
        bytes.append(little: previous)
        bytes.append(little: checksum(0, bytes.span))
        return bytes
    }

    /// The version of the form, where a sound header is of another one than ours.
    public static func foreignVersion(_ bytes: Span<UInt8>, _ checksum: Checksum) -> UInt16? {
        guard bytes.count >= size, bytes.little32(at: 0) == magic,
            bytes.little32(at: 28) == checksum(0, bytes.extracting(0..<28))
        else { return nil }
        let version = bytes.little16(at: 4)
        return version == formatVersion ? nil : version
    }

    /// Nil if no sound header is there.
    public init?(_ bytes: Span<UInt8>, _ checksum: Checksum) {
        guard bytes.count >= Self.size, bytes.little32(at: 0) == Self.magic,
            bytes.little16(at: 4) == Self.formatVersion,
            bytes.little32(at: 28) == checksum(0, bytes.extracting(0..<28))
        else { return nil }
        shard = bytes.little16(at: 6)
        epoch = bytes.little32(at: 12)
        firstBatch = bytes.little64(at: 16)
        previous = bytes.little32(at: 24)
    }

    public init(epoch: UInt32, firstBatch: UInt64, previous: UInt32) {
        self.epoch = epoch
        self.firstBatch = firstBatch
        self.previous = previous
    }
}

extension UInt64 {
    func hex(_ width: Int) -> String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }
}
