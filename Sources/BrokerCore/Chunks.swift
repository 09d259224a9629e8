// SPDX-License-Identifier: Apache-2.0
// A list that grows without a pause: however many elements there are, none of them is moved for one
// more.

/// Elements by number, in chunks of which each stays where it is.
@safe
struct Chunks<Element>: ~Copyable {
    private static var chunkBits: Int { 8 }
    private static var chunkSize: Int { 1 << chunkBits }

    private var chunks: ContiguousArray<UnsafeMutablePointer<Element>>
    private(set) var count = 0

    init() {
        unsafe chunks = []
    }

    deinit {
        for first in stride(from: 0, to: count, by: Self.chunkSize) {
            let chunk = unsafe address(of: first)
            unsafe chunk.deinitialize(count: min(Self.chunkSize, count - first))
            unsafe chunk.deallocate()
        }
    }

    subscript(index: Int) -> Element {
        @inline(__always)
        unsafeAddress { unsafe UnsafePointer(address(of: index)) }
        @inline(__always)
        unsafeMutableAddress { unsafe address(of: index) }
    }

    mutating func append(_ element: Element) {
        if count & (Self.chunkSize - 1) == 0 {
            unsafe chunks.append(.allocate(capacity: Self.chunkSize))
        }
        count += 1
        unsafe address(of: count - 1).initialize(to: element)
    }

    @inline(__always)
    private func address(of index: Int) -> UnsafeMutablePointer<Element> {
        precondition(index >= 0 && index < count, "there is no element \(index)")
        return unsafe chunks[index >> Self.chunkBits] + (index & (Self.chunkSize - 1))
    }
}
