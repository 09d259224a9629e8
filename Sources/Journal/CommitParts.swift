// SPDX-License-Identifier: Apache-2.0
// The records of one commit. Most were staged and are one run of bytes; a large body stays where it is,
// between the records around it, and nothing of it is copied before it goes to the disk.

/// Parts of a stream of records, in order. Whose memory they are must leave it as it is until the commit
/// is durable. The header of a record lies in one part.
@safe
public struct CommitParts {
    private var parts: ContiguousArray<UnsafeRawBufferPointer>
    public private(set) var count = 0

    init() {
        unsafe parts = []
    }

    init(_ bytes: Span<UInt8>) {
        self.init()
        unsafe bytes.withUnsafeBytes { unsafe append($0) }
    }

    mutating func append(_ part: UnsafeRawBufferPointer) {
        guard unsafe !part.isEmpty else { return }
        unsafe parts.append(part)
        count += part.count
    }

    /// Four bytes of one part, lowest first.
    func little32(at offset: Int) -> UInt32 {
        let (part, start) = unsafe self.part(at: offset)
        return unsafe part.loadUnaligned(fromByteOffset: start, as: UInt32.self).littleEndian
    }

    /// Gives a range of bytes to `body`: in place where they are in one part, and copied otherwise.
    func withBytes<E: Error>(
        _ range: Range<Int>, _ body: (Span<UInt8>) throws(E) -> Void
    ) throws(E) {
        guard !range.isEmpty else {
            let nothing: [UInt8] = []
            return try body(nothing.span)
        }
        let (part, start) = unsafe part(at: range.lowerBound)
        guard part.count - start < range.count else {
            let bytes = unsafe UnsafeRawBufferPointer(
                rebasing: part[start..<start + range.count])
            return try unsafe body(bytes.bindMemory(to: UInt8.self).span)
        }
        let copy = self.copy(of: range)
        try body(copy.span)
    }

    func copy(of range: Range<Int>) -> [UInt8] {
        var copy: [UInt8] = []
        copy.reserveCapacity(range.count)
        while copy.count < range.count {
            let (part, start) = unsafe part(at: range.lowerBound + copy.count)
            unsafe copy.append(contentsOf: part[start...].prefix(range.count - copy.count))
        }
        return copy
    }

    /// The part that a byte lies in, and where.
    private func part(at offset: Int) -> (UnsafeRawBufferPointer, Int) {
        precondition(offset >= 0 && offset < count, "there is no byte \(offset)")
        var start = offset
        var index = 0
        while unsafe start >= parts[index].count {
            start -= unsafe parts[index].count
            index += 1
        }
        return unsafe (parts[index], start)
    }
}
