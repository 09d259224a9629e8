// SPDX-License-Identifier: Apache-2.0
//
// A property block that was checked when its packet was decoded, to walk through once more: for
// those that packets do not keep one by one.

public struct Properties: Hashable, Sendable {
    /// All entries, without the length in front of them.
    public let block: Range<Int>

    public init(block: Range<Int>) { self.block = block }

    public static var none: Properties { Properties(block: 0..<0) }

    public var isEmpty: Bool { block.isEmpty }

    public func makeIterator() -> Iterator { Iterator(block) }

    /// The first one with this identifier; of most there may be no more.
    public func first(_ id: PropertyID, in bytes: Span<UInt8>) -> Property? {
        var walk = makeIterator()
        return walk.next(id, in: bytes)
    }
}

extension Properties {
    /// Takes the span with each call, as a view cannot be kept. It must be the one that the packet
    /// was decoded from.
    public struct Iterator: Sendable {
        private var cursor: ByteCursor

        init(_ block: Range<Int>) { cursor = ByteCursor(block) }

        public mutating func next(in bytes: Span<UInt8>) -> Property? {
            if cursor.isAtEnd { return nil }
            do {
                return try Property(bytes, &cursor)
            } catch {
                preconditionFailure("not the bytes that this property block was checked in")
            }
        }

        /// The next one with this identifier; others are passed over.
        public mutating func next(_ id: PropertyID, in bytes: Span<UInt8>) -> Property? {
            while let property = next(in: bytes) {
                if property.id == id { return property }
            }
            return nil
        }
    }
}
