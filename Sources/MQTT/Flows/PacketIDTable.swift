// SPDX-License-Identifier: Apache-2.0
// What is open under which packet identifier: an open-addressing table with the identifier itself
// as hash. Peers count their identifiers upwards, so probes are almost always of length one, and
// a window of a hundred costs a few cache lines. It never iterates in an order that shows: whoever
// needs an order keeps one of his own.

/// A map from packet identifier to `Value` for the few identifiers that are open at one time.
public struct PacketIDTable<Value> {
    @usableFromInline
    struct Slot {
        /// 0 where the slot is empty: no packet has identifier 0. [MQTT-2.2.1-3]
        @usableFromInline var id: UInt16
        @usableFromInline var value: Value?

        @inlinable
        init(id: UInt16, value: Value?) {
            self.id = id
            self.value = value
        }
    }

    /// Empty, or a power of two of slots of which at most half are taken.
    @usableFromInline var slots: ContiguousArray<Slot> = []
    @usableFromInline var taken: UInt32 = 0

    @inlinable
    public init() {}

    @inlinable
    public var count: Int { Int(taken) }

    @inlinable
    public var isEmpty: Bool { taken == 0 }

    @inlinable
    public func contains(_ id: PacketID) -> Bool {
        position(of: id.rawValue) != nil
    }

    @inlinable
    public subscript(id: PacketID) -> Value? {
        guard let at = position(of: id.rawValue) else { return nil }
        return slots[at].value
    }

    /// `id` must not be open.
    @inlinable @inline(__always)
    public mutating func insert(_ value: Value, for id: PacketID) {
        if (count + 1) * 2 > slots.count {
            grow()
        }
        place(Slot(id: id.rawValue, value: value))
        taken += 1
    }

    /// Whoever is nearer to where it belongs makes room, so that each run of slots is in the order
    /// of where its members belong.
    @inlinable @inline(__always)
    mutating func place(_ slot: Slot) {
        var slot = slot
        let mask = slots.count - 1
        var at = Int(slot.id) & mask
        while slots[at].id != 0 {
            precondition(slots[at].id != slot.id, "packet identifier \(slot.id) opened twice")
            if distance(of: slots[at].id, at) < distance(of: slot.id, at) {
                swap(&slots[at], &slot)
            }
            at = (at + 1) & mask
        }
        slots[at] = slot
    }

    @inlinable @inline(__always)
    func distance(of id: UInt16, _ at: Int) -> Int {
        (at - Int(id)) & (slots.count - 1)
    }

    /// `id` must be open.
    @inlinable
    public mutating func replace(_ id: PacketID, with value: Value) {
        change(id) { $0 = value }
    }

    /// `id` must be open.
    @inlinable
    mutating func change(_ id: PacketID, _ change: (inout Value) -> Void) {
        guard let at = position(of: id.rawValue) else {
            preconditionFailure("packet identifier \(id) is not open")
        }
        change(&slots[at].value!)
    }

    @inlinable @inline(__always)
    @discardableResult
    public mutating func remove(_ id: PacketID) -> Value? {
        guard let found = position(of: id.rawValue) else { return nil }
        let value = slots[found].value
        closeGap(at: found)
        taken -= 1
        return value
    }

    /// All open identifiers, ascending.
    public var ids: [PacketID] {
        if isEmpty { return [] }
        // No key path: here, between generic types, each use of one is looked up at run time.
        return slots.compactMap { PacketID(rawValue: $0.id) }.sorted { $0.rawValue < $1.rawValue }
    }

    /// Gives the memory of a quiet table back.
    public mutating func shrinkIfEmpty() {
        if count == 0 { slots = [] }
    }

    @inlinable @inline(__always)
    func position(of id: UInt16) -> Int? {
        let mask = slots.count - 1
        guard mask >= 0 else { return nil }
        var at = Int(id) & mask
        while true {
            let found = slots[at].id
            if found == id { return at }
            if found == 0 { return nil }
            at = (at + 1) & mask
        }
    }

    /// Moves later members of the probe run back, so that no tombstones gather: as far as the first
    /// that is where it belongs, which is at once for identifiers that count upwards.
    @inlinable @inline(__always)
    mutating func closeGap(at gap: Int) {
        let mask = slots.count - 1
        var hole = gap
        var at = (gap + 1) & mask
        while slots[at].id != 0, distance(of: slots[at].id, at) > 0 {
            slots[hole] = slots[at]
            hole = at
            at = (at + 1) & mask
        }
        slots[hole] = Slot(id: 0, value: nil)
    }

    @usableFromInline @inline(never)
    mutating func grow() {
        let old = slots
        slots = ContiguousArray(
            repeating: Slot(id: 0, value: nil), count: max(4, old.count * 2))
        for slot in old where slot.id != 0 {
            place(slot)
        }
    }
}
