// SPDX-License-Identifier: Apache-2.0
// Numbered places for values that cannot be copied. A handle is a place's number; the place stays
// at one address for the life of the slab, since memory grows by whole chunks.

/// Storage for `~Copyable` elements named by small integers.
///
/// A place can also be taken by number: recovery puts everything back where the journal says it
/// was. Reaching a place that is not taken is a bug of ours, and ends the process: its address is one
/// where no system lets memory be, so that the processor asks what we would have to ask each time.
@safe
package struct Slab<Element: ~Copyable>: ~Copyable {
    /// By place: where its element is; `nowhere` if the place is free.
    private var addresses: UnsafeMutablePointer<UInt>
    /// One more than the highest place ever taken.
    package private(set) var bound = 0
    private var addressCapacity = 16
    /// The next `addresses`, twice as large: filled while the last eighth of these is taken, so that no
    /// one insertion moves all of them.
    private var larger: UnsafeMutablePointer<UInt>?
    /// How many of `addresses` are in `larger` too.
    private var moved = 0
    private var memory = ChunkMemory<Element>()
    private var firstFree = Self.noPlace
    package private(set) var count = 0

    package init() {
        precondition(
            MemoryLayout<Element>.alignment >= MemoryLayout<FreeLinks>.alignment
                && Self.sizes.contains(MemoryLayout<Element>.size),
            "an element is too small or too large")
        unsafe addresses = .allocate(capacity: addressCapacity)
        unsafe larger = nil
    }

    deinit {
        for place in 0..<bound where contains(place) {
            unsafe memory.address(of: place).deinitialize(count: 1)
        }
        unsafe addresses.deallocate()
        unsafe larger?.deallocate()
    }

    @inline(__always)
    package func contains(_ place: Int) -> Bool {
        unsafe UInt(bitPattern: place) < UInt(bitPattern: bound) && addresses[place] != Self.nowhere
    }

    package subscript(place: Int) -> Element {
        @inline(__always)
        unsafeAddress { unsafe UnsafePointer(pointer(to: place)) }
        // Exclusivity is not checked here: never hold `inout` to a place across a call that may
        // reach the same place.
        @inline(__always)
        nonmutating unsafeMutableAddress { unsafe pointer(to: place) }
    }

    /// For those who give a slab's element out under a handle of their own.
    @inline(__always)
    func pointer(to place: Int) -> UnsafeMutablePointer<Element> {
        precondition(UInt(bitPattern: place) < UInt(bitPattern: bound), "there is no such place")
        return unsafe UnsafeMutablePointer(bitPattern: addresses[place]).unsafelyUnwrapped
    }

    /// The place that the next `insert` without a number takes.
    package var nextPlace: Int {
        firstFree == Self.noPlace ? bound : Int(firstFree)
    }

    /// Returns the place that it has taken.
    @inline(__always)
    package mutating func insert(_ element: consuming Element) -> Int {
        if firstFree == Self.noPlace { addPlace() }
        let place = Int(firstFree)
        unsafe firstFree = links(of: firstFree).pointee.next
        put(element, at: place)
        return place
    }

    /// `place` must be free.
    @inline(__always)
    package mutating func insert(_ element: consuming Element, at place: Int) {
        while bound <= place {
            addPlace()
        }
        precondition(!contains(place), "place \(place) is taken")
        unlink(place)
        put(element, at: place)
    }

    @inline(__always)
    private mutating func put(_ element: consuming Element, at place: Int) {
        let address = unsafe memory.address(of: place)
        unsafe address.initialize(to: element)
        setAddress(of: place, UInt(bitPattern: address))
        count += 1
    }

    @inline(__always)
    package mutating func remove(_ place: Int) -> Element {
        precondition(contains(place), "place \(place) is not taken")
        let element = unsafe pointer(to: place).move()
        link(place)
        count -= 1
        return element
    }

    @inline(never)
    private mutating func addPlace() {
        if bound == memory.capacity { memory.addChunk() }
        if bound >= addressCapacity / 8 * 7 { growAddresses() }
        let place = bound
        bound += 1
        link(place)
    }

    /// A step of it for each place that is added.
    private mutating func growAddresses() {
        let grown = unsafe larger ?? .allocate(capacity: addressCapacity * 2)
        unsafe larger = grown
        let end = min(bound, moved + Self.movedAtOnce)
        for place in moved..<end { unsafe (grown + place).initialize(to: addresses[place]) }
        moved = end
        guard bound == addressCapacity else { return }
        precondition(moved == bound, "some addresses were left behind")
        unsafe addresses.deallocate()
        unsafe addresses = grown
        unsafe larger = nil
        addressCapacity *= 2
        moved = 0
    }

    @inline(__always)
    private func setAddress(of place: Int, _ address: UInt) {
        unsafe (addresses + place).initialize(to: address)
        if place < moved { unsafe larger.unsafelyUnwrapped[place] = address }
    }
}

extension Slab where Element: ~Copyable {
    /// In the first page, which no element here reaches beyond and in which Linux lets nothing be
    /// (`vm.mmap_min_addr`). It is not zero: a compiler takes it for granted that nobody goes there.
    private static var nowhere: UInt { 64 }
    private static var sizes: ClosedRange<Int> { MemoryLayout<FreeLinks>.size...4096 - 64 }
    /// Nine are enough to be done in an eighth.
    private static var movedAtOnce: Int { 16 }
}

/// Free places are chained through the memory in which their elements were.
extension Slab where Element: ~Copyable {
    /// Where the chain ends.
    private static var noPlace: UInt32 { .max }

    @inline(__always)
    private func links(of place: UInt32) -> UnsafeMutablePointer<FreeLinks> {
        let address = unsafe UnsafeMutableRawPointer(memory.address(of: Int(place)))
        return unsafe address.assumingMemoryBound(to: FreeLinks.self)
    }

    @inline(__always)
    private mutating func link(_ place: Int) {
        let first = UInt32(truncatingIfNeeded: place)
        unsafe links(of: first).initialize(to: FreeLinks(next: firstFree, previous: Self.noPlace))
        if firstFree != Self.noPlace { unsafe links(of: firstFree).pointee.previous = first }
        firstFree = first
        setAddress(of: place, Self.nowhere)
    }

    /// The first one's link back is not kept: nobody goes there.
    @inline(__always)
    private mutating func unlink(_ place: Int) {
        let here = UInt32(truncatingIfNeeded: place)
        let around = unsafe links(of: here).pointee
        if here == firstFree {
            firstFree = around.next
        } else {
            unlink(between: around)
        }
    }

    /// What recovery takes is anywhere in the chain.
    @inline(never)
    private mutating func unlink(between around: FreeLinks) {
        unsafe links(of: around.previous).pointee.next = around.next
        if around.next != Self.noPlace {
            unsafe links(of: around.next).pointee.previous = around.previous
        }
    }
}

/// The free places before and behind a free place.
private struct FreeLinks {
    var next: UInt32
    var previous: UInt32
}
