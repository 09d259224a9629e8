// SPDX-License-Identifier: Apache-2.0
// A list that grows without a pause.

/// Elements by number, in the order in which they came.
@safe
struct Chunks<Element>: ~Copyable {
    private var memory = ChunkMemory<Element>()
    private(set) var count = 0

    deinit {
        for index in 0..<count {
            unsafe memory.address(of: index).deinitialize(count: 1)
        }
    }

    subscript(index: Int) -> Element {
        @inline(__always)
        unsafeAddress { unsafe UnsafePointer(address(of: index)) }
        @inline(__always)
        unsafeMutableAddress { unsafe address(of: index) }
    }

    mutating func append(_ element: Element) {
        if count == memory.capacity { memory.addChunk() }
        unsafe memory.address(of: count).initialize(to: element)
        count += 1
    }

    mutating func removeLast() -> Element {
        let last = unsafe address(of: count - 1).move()
        count -= 1
        return last
    }

    @inline(__always)
    private func address(of index: Int) -> UnsafeMutablePointer<Element> {
        precondition(index >= 0 && index < count, "there is no element \(index)")
        return unsafe memory.address(of: index)
    }
}
