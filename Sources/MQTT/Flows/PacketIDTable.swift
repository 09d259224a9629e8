// SPDX-License-Identifier: Apache-2.0
// What is open under which packet identifier: an open-addressing table with the identifier itself
// as hash. Peers count their identifiers upwards, so probes are almost always of length one, and
// a window of a hundred costs a few cache lines. It never iterates in an order that shows: whoever
// needs an order keeps one of his own.

/// A map from packet identifier to `Value` for the few identifiers that are open at one time.
///
/// It has one owner. An array would ask at every change who else has it, which was 8 % of what a
/// QoS 2 message cost the broker.
@safe
public struct PacketIDTable<Value>: ~Copyable {
    /// The identifiers, each 0 where the slot is empty, for no packet has identifier 0
    /// [MQTT-2.2.1-3]; behind them the values of those that are not.
    @usableFromInline var memory: UnsafeMutableRawPointer?
    /// Of a power of two of slots. At most half are taken, until each identifier has one of its own.
    @usableFromInline var mask: UInt16 = 0
    @usableFromInline var taken: UInt16 = 0

    @inlinable
    public init() {
        unsafe memory = nil
    }

    deinit {
        for at in 0..<capacity where unsafe keys[at] != 0 {
            unsafe (values + at).deinitialize(count: 1)
        }
        unsafe memory?.deallocate()
    }

    @inlinable
    public var count: Int { Int(taken) }

    @inlinable
    public var isEmpty: Bool { taken == 0 }

    /// Its slots: as many may have to be walked for those that are open.
    @inlinable
    public var capacity: Int { unsafe memory == nil ? 0 : Int(mask) + 1 }

    @inlinable
    public func contains(_ id: PacketID) -> Bool {
        position(of: id.rawValue) != nil
    }

    @inlinable
    public subscript(id: PacketID) -> Value? {
        guard let at = position(of: id.rawValue) else { return nil }
        return unsafe values[Int(at)]
    }

    /// `id` must not be open.
    @inlinable @inline(__always)
    public mutating func insert(_ value: Value, for id: PacketID) {
        if UInt32(taken) &* 2 >= UInt32(mask) { grow() }
        place(value, for: id.rawValue)
        taken += 1
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
        change(&(unsafe values[Int(at)]))
    }

    @inlinable @inline(__always)
    @discardableResult
    public mutating func remove(_ id: PacketID) -> Value? {
        guard let found = position(of: id.rawValue) else { return nil }
        let value = unsafe (values + Int(found)).move()
        closeGap(at: found)
        taken -= 1
        return value
    }

    /// All open identifiers, ascending.
    public var ids: [PacketID] {
        if isEmpty { return [] }
        return (0..<capacity).compactMap { PacketID(rawValue: unsafe keys[$0]) }
            .sorted { $0.rawValue < $1.rawValue }
    }

    /// Gives the memory of a quiet table back.
    public mutating func shrinkIfEmpty() {
        if isEmpty { self = PacketIDTable() }
    }
}

extension PacketIDTable {
    @inlinable @inline(__always)
    var keys: UnsafeMutablePointer<UInt16> {
        unsafe memory.unsafelyUnwrapped.assumingMemoryBound(to: UInt16.self)
    }

    @inlinable @inline(__always)
    var values: UnsafeMutablePointer<Value> {
        let offset = (Int(mask) + 1) * MemoryLayout<UInt16>.stride
        return unsafe (memory.unsafelyUnwrapped + offset).assumingMemoryBound(to: Value.self)
    }

    @inlinable @inline(__always)
    func position(of id: UInt16) -> UInt16? {
        guard unsafe memory != nil else { return nil }
        var at = id & mask
        while true {
            let found = unsafe keys[Int(at)]
            if found == id { return at }
            if found == 0 { return nil }
            at = (at &+ 1) & mask
        }
    }

    @inlinable @inline(__always)
    mutating func place(_ value: Value, for id: UInt16) {
        var at = id & mask
        if unsafe keys[Int(at)] != 0 { at = makeRoom(for: id) }
        unsafe keys[Int(at)] = id
        unsafe (values + Int(at)).initialize(to: value)
    }

    /// Whoever is nearer to where it belongs moves on, and all behind it, so that each run of slots is
    /// in the order of where its members belong. The answer is the slot that is free then.
    @usableFromInline @inline(never)
    mutating func makeRoom(for id: UInt16) -> UInt16 {
        var place = id & mask
        while unsafe keys[Int(place)] != 0,
            distance(of: unsafe keys[Int(place)], place)
                >= distance(of: id, place)
        {
            precondition(unsafe keys[Int(place)] != id, "packet identifier \(id) opened twice")
            place = (place &+ 1) & mask
        }
        var hole = place
        while unsafe keys[Int(hole)] != 0 { hole = (hole &+ 1) & mask }
        while hole != place {
            let before = (hole &- 1) & mask
            move(from: before, to: hole)
            hole = before
        }
        return place
    }

    @inlinable @inline(__always)
    mutating func move(from one: UInt16, to other: UInt16) {
        unsafe keys[Int(other)] = keys[Int(one)]
        unsafe (values + Int(other)).moveInitialize(from: values + Int(one), count: 1)
    }

    @inlinable @inline(__always)
    func distance(of id: UInt16, _ at: UInt16) -> UInt16 {
        (at &- id) & mask
    }

    /// Moves later members of the probe run back, so that no tombstones gather: as far as the first
    /// that is where it belongs, which is at once for identifiers that count upwards.
    @inlinable @inline(__always)
    mutating func closeGap(at gap: UInt16) {
        var hole = gap
        var at = (gap &+ 1) & mask
        while unsafe keys[Int(at)] != 0, distance(of: unsafe keys[Int(at)], at) > 0 {
            move(from: at, to: hole)
            hole = at
            at = (at &+ 1) & mask
        }
        unsafe keys[Int(hole)] = 0
    }

    @usableFromInline @inline(never)
    mutating func grow() {
        if mask == .max { return }  // Each identifier has a slot of its own.
        var grown = PacketIDTable(capacity: max(4, capacity * 2))
        for at in 0..<capacity where unsafe keys[at] != 0 {
            unsafe grown.place((values + at).move(), for: keys[at])
            unsafe keys[at] = 0
        }
        grown.taken = taken
        self = grown
    }

    private init(capacity: Int) {
        precondition(MemoryLayout<Value>.alignment <= 8, "values lie behind four identifiers")
        let keyBytes = capacity * MemoryLayout<UInt16>.stride
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: keyBytes + capacity * MemoryLayout<Value>.stride, alignment: 8)
        unsafe memory.initializeMemory(as: UInt16.self, repeating: 0, count: capacity)
        unsafe (memory + keyBytes).bindMemory(to: Value.self, capacity: capacity)
        unsafe self.memory = memory
        mask = UInt16(capacity - 1)
    }
}
