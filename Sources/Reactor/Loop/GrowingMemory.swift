// SPDX-License-Identifier: Apache-2.0
//
// Memory that grows without a pause: the kernel moves its pages, and nothing is copied into new ones, of
// which each costs a fault.

import CEpoll
import Glibc

/// Room for elements, all zero bytes at first. What was never touched costs no memory.
struct GrowingMemory<Element: BitwiseCopyable>: ~Copyable {
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var capacity: Int

    private static var stride: Int { MemoryLayout<Element>.stride }

    init() {
        let bytes = Int(getpagesize())
        base = Self.bind(
            mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), bytes)
        capacity = bytes / Self.stride
    }

    deinit { munmap(base, capacity * Self.stride) }

    /// At least twice as much as there is now. Addresses change.
    mutating func grow(toHold count: Int) {
        let page = Int(getpagesize())
        let wanted = max(capacity * 2, count) * Self.stride
        let bytes = (wanted + page - 1) / page * page
        base = Self.bind(cepoll_move_memory(base, capacity * Self.stride, bytes), bytes)
        capacity = bytes / Self.stride
    }

    /// As an allocation does where there is none.
    private static func bind(
        _ memory: UnsafeMutableRawPointer?, _ bytes: Int
    ) -> UnsafeMutablePointer<Element> {
        guard let memory, memory != MAP_FAILED else { fatalError("no memory: \(bytes) bytes") }
        return memory.bindMemory(to: Element.self, capacity: bytes / stride)
    }

    subscript(index: Int) -> Element {
        @inline(__always) unsafeAddress { UnsafePointer(base + index) }
        @inline(__always) nonmutating unsafeMutableAddress { base + index }
    }
}
