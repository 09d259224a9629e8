// SPDX-License-Identifier: Apache-2.0
//
// Small structs at fixed addresses, named by index. The address space is reserved once and the
// kernel gives pages as they are touched: the slab never moves, so an index (or a pointer) stays
// good across any callback, and an entry that was never used costs no memory.

import Glibc

/// Fixed room for `capacity` elements, all zero bytes at first.
///
/// Not an owner by the compiler's rules: its holder calls `deallocate`. `nonmutating` access gives
/// up exclusivity checks, so never hold an `inout` into an element across a callback.
struct Slab<Element: BitwiseCopyable> {
    private let base: UnsafeMutablePointer<Element>
    let capacity: Int

    /// An element must be valid as all zero bytes.
    init(capacity: Int) throws(SystemError) {
        let bytes = capacity * MemoryLayout<Element>.stride
        let memory = mmap(
            nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let memory, memory != MAP_FAILED else {
            throw SystemError(operation: "mmap", subject: "\(bytes) bytes")
        }
        base = memory.bindMemory(to: Element.self, capacity: capacity)
        self.capacity = capacity
    }

    func deallocate() {
        munmap(base, capacity * MemoryLayout<Element>.stride)
    }

    subscript(index: Int) -> Element {
        @inline(__always) unsafeAddress { UnsafePointer(pointer(to: index)) }
        @inline(__always) nonmutating unsafeMutableAddress { pointer(to: index) }
    }

    @inline(__always)
    private func pointer(to index: Int) -> UnsafeMutablePointer<Element> {
        let isInside = UInt(bitPattern: index) < UInt(bitPattern: capacity)
        precondition(isInside, "no such slot: \(index)")
        return base + index
    }
}
