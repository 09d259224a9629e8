// SPDX-License-Identifier: Apache-2.0
// Finds numbered things by a hash of what they are called. What that is, only the things know: here are
// numbers and hashes, eight bytes for each.

/// Numbers by hash. Things are in no cache of the processor, and so only the one that is meant is looked
/// at, and none when the table grows.
///
/// It grows part by part: one insertion moves a part at most, however many there are.
struct PlaceTable: ~Copyable {
    /// By the first `depth` bits of a hash. A part that has fewer of them in common has several
    /// entries, one behind the other, of which the first counts for all.
    private var parts: ContiguousArray = [TablePart(slotBits: 4, depth: 0)]
    private var depth = 0

    init() {}

    deinit {
        var at = 0
        while at < parts.count {
            parts[at].deallocate()
            at += entries(of: parts[at])
        }
    }

    /// The place of this hash for which `isIt` is true, if there is one.
    @inline(__always)
    func find(_ hash: UInt32, _ isIt: (Int) -> Bool) -> Int? {
        parts[entry(of: hash)].find(hash, isIt)
    }

    /// `place` must not be in it.
    mutating func insert(_ place: Int, _ hash: UInt32) {
        if parts[firstEntry(of: hash)].isFull { makeRoom(for: hash) }
        parts[firstEntry(of: hash)].insert(TableSlot(number: UInt32(place + 1), hash: hash))
    }

    /// `place` must be in it, with this hash.
    mutating func remove(_ place: Int, _ hash: UInt32) {
        parts[firstEntry(of: hash)].remove(place, hash)
    }

    /// Slots of the largest part: what one insertion moves at most.
    var largestPart: Int { parts.map(\.slotCount).max() ?? 0 }

    @inline(__always)
    private func entry(of hash: UInt32) -> Int { Int(UInt64(hash) &>> UInt64(32 - depth)) }

    private func entries(of part: TablePart) -> Int { 1 << (depth - Int(part.depth)) }

    private func firstEntry(of hash: UInt32) -> Int {
        let at = entry(of: hash)
        return at & ~(entries(of: parts[at]) - 1)
    }

    private mutating func makeRoom(for hash: UInt32) {
        let part = parts[firstEntry(of: hash)]
        let halves = part.halves() ?? part.grown()
        if halves.low.depth > depth { deepen() }
        let first = firstEntry(of: hash)
        let middle = first + entries(of: part) / 2
        for at in first..<first + entries(of: part) {
            parts[at] = at < middle ? halves.low : halves.high
        }
        part.deallocate()
    }

    /// Every entry becomes two.
    private mutating func deepen() {
        var deeper = ContiguousArray<TablePart>()
        deeper.reserveCapacity(parts.count * 2)
        for part in parts {
            deeper.append(part)
            deeper.append(part)
        }
        parts = deeper
        depth += 1
    }
}

private struct TableSlot {
    /// Counted from 1; 0 is empty.
    var number: UInt32 = 0
    var hash: UInt32 = 0
}

/// Those whose hashes begin alike, by open addressing; at most three quarters full.
@safe
private struct TablePart {
    /// Of a part that is large enough to be split.
    private static let slotBitsSplit = 8

    private let base: UnsafeMutablePointer<TableSlot>
    private var count: UInt32 = 0
    private let slotBits: UInt8
    /// How many first bits the hashes have in common.
    let depth: UInt8

    init(slotBits: Int, depth: Int) {
        self.slotBits = UInt8(slotBits)
        self.depth = UInt8(depth)
        unsafe base = .allocate(capacity: 1 << slotBits)
        unsafe base.initialize(repeating: TableSlot(), count: 1 << slotBits)
    }

    func deallocate() { unsafe base.deallocate() }

    var slotCount: Int { 1 << Int(slotBits) }
    var isFull: Bool { (Int(count) + 1) * 4 > slotCount * 3 }
    @inline(__always) private var mask: Int { (1 &<< Int(slotBits)) &- 1 }

    @inline(__always)
    func find(_ hash: UInt32, _ isIt: (Int) -> Bool) -> Int? {
        var at = Int(hash) & mask
        while case let slot = unsafe base[at], slot.number != 0 {
            if slot.hash == hash, isIt(Int(slot.number) - 1) { return Int(slot.number) - 1 }
            at = (at + 1) & mask
        }
        return nil
    }

    mutating func insert(_ slot: TableSlot) {
        var at = Int(slot.hash) & mask
        while unsafe base[at].number != 0 { at = (at + 1) & mask }
        unsafe base[at] = slot
        count += 1
    }

    mutating func remove(_ place: Int, _ hash: UInt32) {
        var hole = Int(hash) & mask
        while unsafe base[hole].number != UInt32(place + 1) {
            precondition(unsafe base[hole].number != 0, "place \(place) is not in the table")
            hole = (hole + 1) & mask
        }
        var at = (hole + 1) & mask
        while case let slot = unsafe base[at], slot.number != 0 {
            let home = Int(slot.hash) & mask
            if (at - home) & mask >= (at - hole) & mask {
                unsafe base[hole] = slot
                hole = at
            }
            at = (at + 1) & mask
        }
        unsafe base[hole] = TableSlot()
        count -= 1
    }

    /// Two parts for one; nil for a part that is small still, and where the next bit of the hashes would
    /// leave all of them together.
    func halves() -> (low: TablePart, high: TablePart)? {
        guard slotBits >= Self.slotBitsSplit, depth < 32 else { return nil }
        var low = TablePart(slotBits: Int(slotBits), depth: Int(depth) + 1)
        var high = TablePart(slotBits: Int(slotBits), depth: Int(depth) + 1)
        forEach { slot in
            if (slot.hash << depth) >> 31 == 0 { low.insert(slot) } else { high.insert(slot) }
        }
        guard low.count > 0, high.count > 0 else {
            low.deallocate()
            high.deallocate()
            return nil
        }
        return (low, high)
    }

    /// The same with twice as many slots, as both halves.
    func grown() -> (low: TablePart, high: TablePart) {
        var grown = TablePart(slotBits: Int(slotBits) + 1, depth: Int(depth))
        forEach { grown.insert($0) }
        return (grown, grown)
    }

    private func forEach(_ body: (TableSlot) -> Void) {
        for at in 0..<slotCount where unsafe base[at].number != 0 { body(unsafe base[at]) }
    }
}
