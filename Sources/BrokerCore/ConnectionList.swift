// SPDX-License-Identifier: Apache-2.0
// Connections in order, in memory of one owner. An array asks at each change who else holds it, and
// these change at each turn of the loop.

@safe
struct ConnectionList: ~Copyable {
    private var base: UnsafeMutablePointer<ConnectionID>
    private var capacity = 16
    private(set) var count = 0

    init() {
        unsafe base = .allocate(capacity: capacity)
    }

    deinit { unsafe base.deallocate() }

    var isEmpty: Bool { count == 0 }

    subscript(place: Int) -> ConnectionID {
        @inline(__always)
        get {
            precondition(place >= 0 && place < count, "no such connection in the list")
            return unsafe base[place]
        }
        @inline(__always)
        set {
            precondition(place >= 0 && place < count, "no such connection in the list")
            unsafe base[place] = newValue
        }
    }

    @inline(__always)
    mutating func append(_ id: ConnectionID) {
        if count == capacity { grow() }
        unsafe (base + count).initialize(to: id)
        count += 1
    }

    mutating func removeLast() -> ConnectionID {
        let last = self[count - 1]
        count -= 1
        return last
    }

    /// Keeps the first so many.
    @inline(__always)
    mutating func keep(first number: Int) {
        precondition(number >= 0 && number <= count, "no more can be kept than there is")
        count = number
    }

    @inline(never)
    private mutating func grow() {
        let larger = UnsafeMutablePointer<ConnectionID>.allocate(capacity: capacity * 2)
        unsafe larger.moveInitialize(from: base, count: count)
        unsafe base.deallocate()
        unsafe base = larger
        capacity *= 2
    }
}
