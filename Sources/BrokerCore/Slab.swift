// SPDX-License-Identifier: Apache-2.0
// Numbered places for values that cannot be copied. A handle is a place's number; the place stays
// at one address for the life of the slab, since memory grows by whole chunks.

/// Storage for `~Copyable` elements named by small integers.
///
/// A place can also be taken by number: recovery puts everything back where the journal says it
/// was. Reaching a place that is not taken is a bug of ours and traps.
@safe
package struct Slab<Element: ~Copyable>: ~Copyable {
    /// To reach an element is to load one word and to see that it is an address.
    private var entries: UnsafeMutablePointer<SlabEntry>
    /// One more than the highest place ever taken.
    package private(set) var bound = 0
    private var entryCapacity = 0
    private var memory = ChunkMemory<Element>()
    private var firstFree = SlabEntry.noPlace
    package private(set) var count = 0

    package init() {
        precondition(MemoryLayout<Element>.alignment > 1, "an element's address must be even")
        unsafe entries = .allocate(capacity: 0)
    }

    deinit {
        for place in 0..<bound where contains(place) {
            unsafe memory.address(of: place).deinitialize(count: 1)
        }
        unsafe entries.deallocate()
    }

    @inline(__always)
    package func contains(_ place: Int) -> Bool {
        unsafe UInt(bitPattern: place) < UInt(bitPattern: bound) && entries[place].isTaken
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
        precondition(contains(place), "place is not taken")
        return unsafe entries[place].address()
    }

    /// The place that the next `insert` without a number takes.
    package var nextPlace: Int {
        firstFree == SlabEntry.noPlace ? bound : firstFree
    }

    @inline(__always)
    package mutating func insert(_ element: consuming Element) -> Int {
        let place = nextPlace
        insert(element, at: place)
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
        let address = unsafe memory.address(of: place)
        unsafe address.initialize(to: element)
        unsafe entries[place] = SlabEntry(taken: address)
        count += 1
    }

    @inline(__always)
    package mutating func remove(_ place: Int) -> Element {
        let element = unsafe pointer(to: place).move()
        link(place)
        count -= 1
        return element
    }

    @inline(never)
    private mutating func addPlace() {
        if bound == memory.capacity { memory.addChunk() }
        if bound == entryCapacity { growEntries() }
        let place = bound
        bound += 1
        link(place)
    }

    private mutating func growEntries() {
        let capacity = max(16, entryCapacity * 2)
        let grown = UnsafeMutablePointer<SlabEntry>.allocate(capacity: capacity)
        unsafe grown.moveInitialize(from: entries, count: bound)
        unsafe entries.deallocate()
        unsafe entries = grown
        entryCapacity = capacity
    }

    @inline(__always)
    private mutating func link(_ place: Int) {
        let free = SlabEntry(freeBefore: firstFree, after: SlabEntry.noPlace)
        unsafe (entries + place).initialize(to: free)
        if firstFree != SlabEntry.noPlace { unsafe entries[firstFree].previous = place }
        firstFree = place
    }

    @inline(__always)
    private mutating func unlink(_ place: Int) {
        let (previous, next) = unsafe (entries[place].previous, entries[place].next)
        if previous == SlabEntry.noPlace {
            firstFree = next
        } else {
            unsafe entries[previous].next = next
        }
        if next != SlabEntry.noPlace { unsafe entries[next].previous = previous }
    }
}

/// What is known of a place: the address of its element, which is even, or the links of the free list
/// above a bit that is set.
private struct SlabEntry {
    /// Where the list of free places ends.
    static let noPlace = Int(Int32.max)

    private var word: UInt

    init(taken address: UnsafeMutableRawPointer) {
        word = UInt(bitPattern: address)
    }

    init(freeBefore next: Int, after previous: Int) {
        word = UInt(next) << 32 | UInt(previous) << 1 | 1
    }

    @inline(__always)
    var isTaken: Bool { word & 1 == 0 }

    @inline(__always)
    func address<Element: ~Copyable>() -> UnsafeMutablePointer<Element> {
        unsafe UnsafeMutablePointer(bitPattern: word).unsafelyUnwrapped
    }

    var next: Int {
        @inline(__always) get { Int(word >> 32) }
        set { self = SlabEntry(freeBefore: newValue, after: previous) }
    }

    var previous: Int {
        @inline(__always) get { Int(word >> 1 & 0x7FFF_FFFF) }
        set { self = SlabEntry(freeBefore: next, after: newValue) }
    }
}
