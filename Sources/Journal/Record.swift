// SPDX-License-Identifier: Apache-2.0
// The form of one record: opaque to the journal but for its kind and its length.
//
//     0        2        4              8
//     ┌────────┬────────┬──────────────┬─────────────
//     │ kind   │ zero   │ length       │ length bytes …
//     └────────┴────────┴──────────────┴─────────────     little-endian

/// One record of a batch, found in place.
public struct Record: Equatable, Sendable {
    @inlinable
    public static var headerSize: Int { 8 }

    public let kind: UInt16
    /// Where its content lies in the bytes that were read.
    public let content: Range<Int>

    @inlinable
    init(kind: UInt16, content: Range<Int>) {
        self.kind = kind
        self.content = content
    }

    /// Where the last whole record of `bytes`, which begin with one, ends.
    static func endOfLast(_ bytes: Span<UInt8>) -> Int {
        var at = 0
        while bytes.count - at >= headerSize {
            let end = end(bytes, at: at)
            guard end <= bytes.count else { break }
            at = end
        }
        return at
    }

    /// Where the record that begins at `at` ends; its header must be there.
    @inlinable
    static func end(_ bytes: Span<UInt8>, at: Int) -> Int {
        at + headerSize + Int(bytes.little32(at: at + 4))
    }

    /// The record that begins at `at`; nil where the bytes end exactly there.
    @inlinable @inline(__always)
    public static func read(_ bytes: Span<UInt8>, at: Int) throws(RecordError) -> Record? {
        if at == bytes.count { return nil }
        guard bytes.count - at >= headerSize else { throw .truncated(at: at) }
        guard bytes.little16(at: at + 2) == 0 else { throw .malformed(at: at) }
        let end = end(bytes, at: at)
        guard end <= bytes.count else { throw .truncated(at: at) }
        return Record(kind: bytes.little16(at: at), content: at + headerSize..<end)
    }
}

public enum RecordError: Error, Equatable {
    case truncated(at: Int)
    case malformed(at: Int)
    /// A later version wrote this: it is refused, never skipped.
    case unknownKind(UInt16, at: Int)
}
