// SPDX-License-Identifier: Apache-2.0
// Numbered places for values that cannot be copied. A handle is a place's number; the place stays
// at one address for the life of the slab, since memory grows by whole chunks.

/// Storage for `~Copyable` elements named by small integers.
///
/// A place can also be taken by number: recovery puts everything back where the journal says it
/// was. Reaching a place that is not taken is a bug of ours and traps.
@safe
package struct Slab<Element: ~Copyable>: ~Copyable {
    private static var chunkBits: Int { 8 }
    private static var chunkSize: Int { 1 << chunkBits }

    /// Links of the free list, or `taken`.
    private struct Link {
        var previous: Int32
        var next: Int32
    }

    private static var taken: Int32 { -2 }
    private static var none: Int32 { -1 }

    private var chunks: UnsafeMutablePointer<UnsafeMutablePointer<Element>>
    private var chunkCount = 0
    private var chunkCapacity = 4
    private var links: ContiguousArray<Link> = []
    private var firstFree = Slab.none
    package private(set) var count = 0

    package init() {
        unsafe chunks = .allocate(capacity: 4)
    }

    deinit {
        for place in links.indices where links[place].next == Self.taken {
            unsafe (address(of: place)).deinitialize(count: 1)
        }
        for index in 0..<chunkCount {
            unsafe chunks[index].deallocate()
        }
        unsafe chunks.deallocate()
    }

    /// One more than the highest place ever taken.
    package var bound: Int { links.count }

    @inline(__always)
    package func contains(_ place: Int) -> Bool {
        place >= 0 && place < links.count && links[place].next == Self.taken
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
        return unsafe address(of: place)
    }

    /// The place that the next `insert` without a number takes.
    package var nextPlace: Int {
        firstFree == Self.none ? links.count : Int(firstFree)
    }

    package mutating func insert(_ element: consuming Element) -> Int {
        let place = nextPlace
        insert(element, at: place)
        return place
    }

    /// `place` must be free.
    package mutating func insert(_ element: consuming Element, at place: Int) {
        while links.count <= place {
            addPlace()
        }
        precondition(!contains(place), "place \(place) is taken")
        unlink(place)
        unsafe address(of: place).initialize(to: element)
        count += 1
    }

    package mutating func remove(_ place: Int) -> Element {
        precondition(contains(place), "place \(place) is not taken")
        let element = unsafe address(of: place).move()
        link(place)
        count -= 1
        return element
    }

    @inline(__always)
    private func address(of place: Int) -> UnsafeMutablePointer<Element> {
        unsafe chunks[place >> Self.chunkBits] + (place & (Self.chunkSize - 1))
    }

    private mutating func addPlace() {
        let place = links.count
        if place >> Self.chunkBits == chunkCount { addChunk() }
        links.append(Link(previous: Self.none, next: Self.none))
        link(place)
    }

    private mutating func addChunk() {
        if chunkCount == chunkCapacity {
            let grown = UnsafeMutablePointer<UnsafeMutablePointer<Element>>
                .allocate(capacity: chunkCapacity * 2)
            unsafe grown.moveInitialize(from: chunks, count: chunkCount)
            unsafe chunks.deallocate()
            unsafe chunks = grown
            chunkCapacity *= 2
        }
        unsafe (chunks + chunkCount).initialize(to: .allocate(capacity: Self.chunkSize))
        chunkCount += 1
    }

    private mutating func link(_ place: Int) {
        links[place] = Link(previous: Self.none, next: firstFree)
        if firstFree != Self.none { links[Int(firstFree)].previous = Int32(place) }
        firstFree = Int32(place)
    }

    private mutating func unlink(_ place: Int) {
        let link = links[place]
        if link.previous == Self.none {
            firstFree = link.next
        } else {
            links[Int(link.previous)].next = link.next
        }
        if link.next != Self.none { links[Int(link.next)].previous = link.previous }
        links[place].next = Self.taken
    }
}
