// SPDX-License-Identifier: Apache-2.0
// The form of one record: opaque to the journal but for its kind and its length.
//
//     0        2        4              8
//     ┌────────┬────────┬──────────────┬─────────────
//     │ kind   │ zero   │ length       │ length bytes …
//     └────────┴────────┴──────────────┴─────────────     little-endian

/// One record of a batch, found in place.
package struct Record: Equatable, Sendable {
    package static let headerSize = 8

    package let kind: UInt16
    /// Where its content lies in the bytes that were read.
    package let content: Range<Int>

    /// The record that begins at `at`; nil where the bytes end exactly there.
    package static func read(_ bytes: Span<UInt8>, at: Int) throws(RecordError) -> Record? {
        if at == bytes.count { return nil }
        guard bytes.count - at >= headerSize else { throw .truncated(at: at) }
        guard bytes[at + 2] == 0, bytes[at + 3] == 0 else { throw .malformed(at: at) }
        let kind = UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8
        var length = 0
        for index in (4..<8).reversed() {
            length = length << 8 | Int(bytes[at + index])
        }
        let start = at + headerSize
        guard bytes.count - start >= length else { throw .truncated(at: at) }
        return Record(kind: kind, content: start..<start + length)
    }
}

package enum RecordError: Error, Equatable {
    case truncated(at: Int)
    case malformed(at: Int)
    /// A later version wrote this: it is refused, never skipped.
    case unknownKind(UInt16, at: Int)
}
