// SPDX-License-Identifier: Apache-2.0
// A list that is filled and emptied with each event or turn. An array asks at every change who else has it,
// and takes 110 instructions to be emptied; this one has one owner and costs a store.

/// Elements in the order in which they came. Its memory is kept until it goes itself.
@safe
package struct Pile<Element>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>?
    private var capacity = 0
    package private(set) var count = 0

    package init() {
        unsafe base = nil
    }

    deinit {
        unsafe base?.deinitialize(count: count)
        unsafe base?.deallocate()
    }

    package var indices: Range<Int> { 0..<count }
    package var isEmpty: Bool { count == 0 }

    package subscript(index: Int) -> Element {
        @inline(__always)
        unsafeAddress { unsafe UnsafePointer(pointer(to: index)) }
        @inline(__always)
        unsafeMutableAddress { unsafe pointer(to: index) }
    }

    @inline(__always)
    private func pointer(to index: Int) -> UnsafeMutablePointer<Element> {
        precondition(
            UInt(bitPattern: index) < UInt(bitPattern: count), "there is no such element")
        // Where there is an element, there is memory.
        return unsafe base.unsafelyUnwrapped + index
    }

    @inline(__always)
    package mutating func append(_ element: Element) {
        if count == capacity { grow() }
        unsafe (base! + count).initialize(to: element)
        count += 1
    }

    @inline(__always)
    package mutating func removeAll() {
        unsafe base?.deinitialize(count: count)
        count = 0
    }

    mutating func removeLast() -> Element {
        precondition(count > 0, "there is no element")
        count -= 1
        return unsafe (base! + count).move()
    }

    mutating func popLast() -> Element? {
        isEmpty ? nil : removeLast()
    }

    /// Keeps the first so many.
    @inline(__always)
    mutating func keep(first number: Int) {
        precondition(number >= 0 && number <= count, "no more can be kept than there is")
        guard let base = unsafe base else { return }
        unsafe (base + number).deinitialize(count: count - number)
        count = number
    }

    @inline(never)
    private mutating func grow() {
        let grown = UnsafeMutablePointer<Element>.allocate(capacity: max(16, capacity * 2))
        if let base = unsafe base {
            unsafe grown.moveInitialize(from: base, count: count)
            unsafe base.deallocate()
        }
        unsafe base = grown
        capacity = max(16, capacity * 2)
    }
}
