// SPDX-License-Identifier: Apache-2.0
// Numbered places for values that cannot be copied. A handle is a place's number; the place stays
// at one address for the life of the slab, since memory grows by whole chunks.

/// Storage for `~Copyable` elements named by small integers.
///
/// A place can also be taken by number: recovery puts everything back where the journal says it
/// was. Reaching a place that is not taken is a bug of ours and traps.
@safe
package struct Slab<Element: ~Copyable>: ~Copyable {
    /// Links of the free list, or `taken`.
    private struct Link {
        var previous: Int32
        var next: Int32
    }

    private static var taken: Int32 { -2 }
    private static var none: Int32 { -1 }

    private var memory = ChunkMemory<Element>()
    private var links: UnsafeMutablePointer<Link>
    private var linkCapacity = 0
    private var firstFree = Slab.none
    /// One more than the highest place ever taken.
    package private(set) var bound = 0
    package private(set) var count = 0

    package init() {
        unsafe links = .allocate(capacity: 0)
    }

    deinit {
        for place in 0..<bound where contains(place) {
            unsafe memory.address(of: place).deinitialize(count: 1)
        }
        unsafe links.deallocate()
    }

    @inline(__always)
    package func contains(_ place: Int) -> Bool {
        unsafe place >= 0 && place < bound && links[place].next == Self.taken
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
        return unsafe memory.address(of: place)
    }

    /// The place that the next `insert` without a number takes.
    package var nextPlace: Int {
        firstFree == Self.none ? bound : Int(firstFree)
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
        unsafe memory.address(of: place).initialize(to: element)
        count += 1
    }

    @inline(__always)
    package mutating func remove(_ place: Int) -> Element {
        precondition(contains(place), "place \(place) is not taken")
        let element = unsafe memory.address(of: place).move()
        link(place)
        count -= 1
        return element
    }

    @inline(never)
    private mutating func addPlace() {
        if bound == memory.capacity { memory.addChunk() }
        if bound == linkCapacity { growLinks() }
        let place = bound
        bound += 1
        link(place)
    }

    private mutating func growLinks() {
        let grown = UnsafeMutablePointer<Link>.allocate(capacity: max(16, linkCapacity * 2))
        unsafe grown.moveInitialize(from: links, count: bound)
        unsafe links.deallocate()
        unsafe links = grown
        linkCapacity = max(16, linkCapacity * 2)
    }

    @inline(__always)
    private mutating func link(_ place: Int) {
        unsafe (links + place).initialize(to: Link(previous: Self.none, next: firstFree))
        if firstFree != Self.none { unsafe links[Int(firstFree)].previous = Int32(place) }
        firstFree = Int32(place)
    }

    @inline(__always)
    private mutating func unlink(_ place: Int) {
        let link = unsafe links[place]
        if link.previous == Self.none {
            firstFree = link.next
        } else {
            unsafe links[Int(link.previous)].next = link.next
        }
        if link.next != Self.none { unsafe links[Int(link.next)].previous = link.previous }
        unsafe links[place].next = Self.taken
    }
}
