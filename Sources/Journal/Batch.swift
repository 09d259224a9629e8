// SPDX-License-Identifier: Apache-2.0
// The form of a batch on disk: a header that chains it to the batch before, then a piece of the
// stream of records. A record may go on in the next batch, so that none has to be larger than one.
//
//     0       4     6     8     10    12      16         24        28       32     40      44       48
//     ┌───────┬─────┬─────┬─────┬─────┬───────┬──────────┬─────────┬────────┬──────┬───────┬────────┐
//     │ magic │form.│logic│shard│flags│ epoch │ number   │previous │ first  │ time │length │ CRC    │
//     └───────┴─────┴─────┴─────┴─────┴───────┴──────────┴─────────┴────────┴──────┴───────┴────────┘
//
// `previous` is the CRC of the batch before, `first` the offset of the first record that begins in
// this batch (or its length, if none does). The CRC covers header (without itself) and records.
// One flag is known: the commit goes on in the next batch.

/// The header of one batch.
public struct BatchHeader: Equatable, Sendable {
    public static let size = 48
    public static let magic: UInt32 = 0x626a_3271  // "q2jb"
    public static let formatVersion: UInt16 = 2
    /// Records beyond this are carried on in another batch.
    public static let recordBytesMax = 512 * 1024 - size

    /// The version of the code whose decisions the records are.
    public var logicVersion: UInt16 = 1
    public var shard: UInt16 = 0
    /// The commit goes on in the next batch: without that, this one counts for nothing.
    public var goesOn = false
    /// Counts the starts of the process that writes.
    public var epoch: UInt32
    public var number: UInt64
    public var previous: UInt32
    public var first: UInt32
    /// Nanoseconds since 1970.
    public var time: Int64
    public var length: UInt32

    private static let goesOnFlag: UInt16 = 1

    /// The header in front of `records`, with the checksum of both.
    public func bytes(
        over records: Span<UInt8>, _ checksum: Checksum
    ) -> (bytes: [UInt8], crc: UInt32) {
        precondition(records.count == Int(length), "a header of other records")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.size)
        bytes.append(little: Self.magic)
        bytes.append(little: Self.formatVersion)
        bytes.append(little: logicVersion)
        bytes.append(little: shard)
        bytes.append(little: goesOn ? Self.goesOnFlag : 0)
        bytes.append(little: epoch)
        bytes.append(little: number)
        bytes.append(little: previous)
        bytes.append(little: first)
        bytes.append(little: time)
        bytes.append(little: length)
        let crc = checksum(checksum(0, bytes.span), records)
        bytes.append(little: crc)
        return (bytes, crc)
    }

    /// Reads and checks the batch that begins at `at`; nil if no whole, sound one is there. A flag
    /// that this version does not know makes it unsound: what it asks for cannot be done.
    public static func read(
        _ bytes: Span<UInt8>, at: Int, _ checksum: Checksum
    ) -> (header: BatchHeader, crc: UInt32)? {
        guard bytes.count - at >= size, bytes.little32(at: at) == magic,
            bytes.little16(at: at + 4) == formatVersion
        else { return nil }
        let length = Int(bytes.little32(at: at + 40))
        let start = at + size
        guard length <= recordBytesMax, bytes.count - start >= length else { return nil }
        let crc = checksum(
            checksum(0, bytes.extracting(at..<start - 4)),
            bytes.extracting(start..<start + length))
        let flags = bytes.little16(at: at + 10)
        guard bytes.little32(at: start - 4) == crc, flags & ~goesOnFlag == 0 else { return nil }
        let header = BatchHeader(
            logicVersion: bytes.little16(at: at + 6), shard: bytes.little16(at: at + 8),
            goesOn: flags & goesOnFlag != 0, epoch: bytes.little32(at: at + 12),
            number: bytes.little64(at: at + 16), previous: bytes.little32(at: at + 24),
            first: bytes.little32(at: at + 28),
            time: Int64(bitPattern: bytes.little64(at: at + 32)), length: UInt32(length))
        return (header, crc)
    }
}
