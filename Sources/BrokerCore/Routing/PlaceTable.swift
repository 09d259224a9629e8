// SPDX-License-Identifier: Apache-2.0
// Finds numbered things by a hash of what they are called. What that is, only the things know: here are
// numbers and hashes, eight bytes for each.

/// Numbers by hash, by open addressing; at most three quarters full. Things are in no cache of the
/// processor, and so only the one that is meant is looked at, and none when the table grows.
struct PlaceTable {
    private struct Slot {
        /// Counted from 1; 0 is empty.
        var number: UInt32 = 0
        var hash: UInt32 = 0
    }

    private var slots = ContiguousArray(repeating: Slot(), count: 16)
    private var count = 0

    /// The place of this hash for which `isIt` is true, if there is one.
    @inline(__always)
    func find(_ hash: UInt32, _ isIt: (Int) -> Bool) -> Int? {
        let mask = slots.count - 1
        var at = Int(hash) & mask
        while slots[at].number != 0 {
            if slots[at].hash == hash, isIt(Int(slots[at].number) - 1) {
                return Int(slots[at].number) - 1
            }
            at = (at + 1) & mask
        }
        return nil
    }

    /// `place` must not be in it.
    mutating func insert(_ place: Int, _ hash: UInt32) {
        if (count + 1) * 4 > slots.count * 3 { grow() }
        count += 1
        put(Slot(number: UInt32(place + 1), hash: hash))
    }

    /// `place` must be in it, with this hash.
    mutating func remove(_ place: Int, _ hash: UInt32) {
        let mask = slots.count - 1
        var hole = Int(hash) & mask
        while slots[hole].number != UInt32(place + 1) {
            precondition(slots[hole].number != 0, "place \(place) is not in the table")
            hole = (hole + 1) & mask
        }
        var at = (hole + 1) & mask
        while slots[at].number != 0 {
            let home = Int(slots[at].hash) & mask
            if (at - home) & mask >= (at - hole) & mask {
                slots[hole] = slots[at]
                hole = at
            }
            at = (at + 1) & mask
        }
        slots[hole] = Slot()
        count -= 1
    }

    private mutating func put(_ slot: Slot) {
        let mask = slots.count - 1
        var at = Int(slot.hash) & mask
        while slots[at].number != 0 { at = (at + 1) & mask }
        slots[at] = slot
    }

    private mutating func grow() {
        let old = slots
        slots = ContiguousArray(repeating: Slot(), count: old.count * 2)
        for slot in old where slot.number != 0 { put(slot) }
    }
}
