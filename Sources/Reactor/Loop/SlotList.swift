// SPDX-License-Identifier: Apache-2.0
//
// A growing list of slots. Not an `Array`, because appending to an array inside a class costs ten
// times as much, and this happens for every connection that writes in a turn.

struct SlotList: ~Copyable {
    private var base: UnsafeMutablePointer<Int32>
    private var capacity: Int
    private(set) var count = 0

    init() {
        capacity = 64
        base = .allocate(capacity: capacity)
    }

    deinit { base.deallocate() }

    var isEmpty: Bool { count == 0 }

    subscript(index: Int) -> Int {
        precondition(index >= 0 && index < count)
        return Int(base[index])
    }

    mutating func append(_ slot: Int) {
        if count == capacity { grow() }
        base[count] = Int32(truncatingIfNeeded: slot)
        count += 1
    }

    mutating func popLast() -> Int? {
        guard count > 0 else { return nil }
        count -= 1
        return Int(base[count])
    }

    mutating func removeFirst(_ number: Int) {
        precondition(number >= 0 && number <= count)
        count -= number
        base.update(from: base + number, count: count)
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<Int32>.allocate(capacity: capacity * 2)
        larger.update(from: base, count: count)
        base.deallocate()
        base = larger
        capacity *= 2
    }
}
