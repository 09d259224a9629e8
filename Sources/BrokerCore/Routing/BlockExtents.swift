// SPDX-License-Identifier: Apache-2.0
// Memory for blocks, by the extent: blocks of one size share one, which goes back whole with the last of
// them, so that a queue leaves nothing behind, and no block pays for a header of its own. Free blocks are
// linked through their own first bytes.

/// Where extents come from: the heap, or memory that the kernel may move to a disk.
///
/// Not bound to classes, for a reason far from here: a value of unknown layout inside keeps the
/// compiler from taking `Broker` and `Engine`, which own it, for values that can be copied to be
/// lent. Bound to `AnyObject` each call of a function that does not mutate them copied some hundred
/// bytes, 2,000 instructions a message.
package protocol ExtentSource {
    /// Memory of `size` bytes, a multiple of what was agreed; nil if there is no room for them.
    func takeExtent(_ size: Int) -> UnsafeMutableRawPointer?
    func giveBack(extent: UnsafeMutableRawPointer, _ size: Int)
}

@safe
struct BlockExtents: ~Copyable {
    /// How memory is to be cut.
    struct Terms {
        /// What blocks share. Of what a larger one takes, all is a multiple of `granularity`.
        let extentSize: Int
        /// Larger blocks have an extent of their own.
        let sharedLimit: Int
        let granularity: Int
        /// Empty extents that are kept for the next who asks.
        let sparesMax: Int
        /// Beside these, an empty extent stays if it is the only one of its size with room: a message that
        /// comes alone finds its block where the last one left it.
        let keepsLast: Bool
    }

    @safe
    private struct Extent {
        let base: UnsafeMutableRawPointer
        let size: Int
        let blockSize: Int
        /// Nil for an extent of one block.
        let sizeClass: UInt8?
        var live: UInt32 = 0
        /// Where the blocks begin that were never taken.
        var fresh: UInt32 = 0
        /// Where the first free block begins; `none` if there is no such.
        var firstFree = Self.none
        /// Those with room beside it, of the same size.
        var next = BlockExtents.nowhere
        var previous = BlockExtents.nowhere

        static var none: UInt32 { .max }

        @inline(__always)
        var hasRoom: Bool { firstFree != Self.none || Int(fresh) + blockSize <= size }
    }

    /// The number of no extent.
    private static var nowhere: Int32 { -1 }

    private let terms: Terms
    private let source: any ExtentSource
    /// What the source may be asked for; `take(_:beyondLimit:)` can go beyond.
    private let bytesMax: Int
    /// What the source has given.
    private var bytes = 0
    private var extents = Pile<Extent>()
    /// Numbers of extents that are gone.
    private var freePlaces: [Int32] = []
    private var spares = Pile<Extent>()
    /// By class, the first extent with room.
    private var open = InlineArray<104, Int32>(repeating: Self.nowhere)

    init(_ terms: Terms, source: any ExtentSource, bytesMax: Int = .max) {
        self.terms = terms
        self.source = source
        self.bytesMax = bytesMax
    }

    deinit {
        var gone = Set(freePlaces)
        for place in extents.indices where gone.remove(Int32(place)) == nil {
            unsafe source.giveBack(extent: extents[place].base, extents[place].size)
        }
        for index in spares.indices {
            unsafe source.giveBack(extent: spares[index].base, terms.extentSize)
        }
    }

    /// A block of at least `size` bytes and the number of its extent; nil if there is no room.
    @inline(__always)
    mutating func take(
        _ size: Int, beyondLimit: Bool = false
    ) -> (base: UnsafeMutableRawPointer, extent: Int32)? {
        guard size <= terms.sharedLimit else {
            return unsafe takeWhole(size, beyondLimit: beyondLimit)
        }
        let sizeClass = BlockSize.sizeClass(for: size)
        if open[sizeClass] == Self.nowhere {
            guard addShared(for: size, sizeClass, beyondLimit: beyondLimit) else { return nil }
        }
        let place = open[sizeClass]
        return unsafe (takeBlock(in: place, sizeClass), place)
    }

    /// Of an extent with room.
    @inline(__always)
    private mutating func takeBlock(
        in place: Int32, _ sizeClass: Int
    ) -> UnsafeMutableRawPointer {
        let index = Int(place)
        let base: UnsafeMutableRawPointer
        if extents[index].firstFree != Extent.none {
            unsafe base = extents[index].base + Int(extents[index].firstFree)
            extents[index].firstFree = unsafe base.load(as: UInt32.self)
        } else {
            unsafe base = extents[index].base + Int(extents[index].fresh)
            extents[index].fresh += UInt32(truncatingIfNeeded: extents[index].blockSize)
        }
        extents[index].live += 1
        if !extents[index].hasRoom { close(place, sizeClass) }
        return unsafe base
    }

    @inline(__always)
    mutating func giveBack(_ base: UnsafeMutableRawPointer, extent place: Int32) {
        let index = Int(place)
        guard let sizeClass = extents[index].sizeClass else { return remove(place) }
        let hadRoom = extents[index].hasRoom
        unsafe base.storeBytes(of: extents[index].firstFree, as: UInt32.self)
        extents[index].firstFree = UInt32(
            truncatingIfNeeded: unsafe base - extents[index].base)
        extents[index].live -= 1
        if !hadRoom { reopen(place, Int(sizeClass)) }
        if extents[index].live == 0, !terms.keepsLast || !isAlone(index) {
            close(place, Int(sizeClass))
            remove(place)
        }
    }

    /// Takes over memory that somebody else has allocated, as an extent of one block; nil where there is no
    /// room for it. Returns its number.
    mutating func adopt(_ memory: UnsafeMutableRawBufferPointer) -> Int32? {
        guard bytes + memory.count <= bytesMax else { return nil }
        bytes += memory.count
        return unsafe add(
            Extent(
                base: memory.baseAddress!, size: memory.count, blockSize: memory.count,
                sizeClass: nil))
    }
}

/// Whole extents.
extension BlockExtents {
    private mutating func takeWhole(
        _ size: Int, beyondLimit: Bool
    ) -> (base: UnsafeMutableRawPointer, extent: Int32)? {
        let rounded = (size + terms.granularity - 1) / terms.granularity * terms.granularity
        guard let base = unsafe takeExtent(rounded, beyondLimit: beyondLimit) else { return nil }
        return unsafe (
            base, add(Extent(base: base, size: rounded, blockSize: rounded, sizeClass: nil))
        )
    }

    @inline(never)
    private mutating func addShared(
        for size: Int, _ sizeClass: Int, beyondLimit: Bool
    ) -> Bool {
        let spare = spares.isEmpty ? nil : unsafe spares.removeLast().base
        guard
            let base = unsafe spare ?? takeExtent(terms.extentSize, beyondLimit: beyondLimit)
        else { return false }
        let extent = unsafe Extent(
            base: base, size: terms.extentSize, blockSize: BlockSize.capacity(for: size),
            sizeClass: UInt8(sizeClass))
        reopen(add(extent), sizeClass)
        return true
    }

    private mutating func takeExtent(
        _ size: Int, beyondLimit: Bool
    ) -> UnsafeMutableRawPointer? {
        guard beyondLimit || bytes + size <= bytesMax,
            let base = unsafe source.takeExtent(size)
        else { return nil }
        bytes += size
        return unsafe base
    }

    private mutating func add(_ extent: Extent) -> Int32 {
        if let place = freePlaces.popLast() {
            extents[Int(place)] = extent
            return place
        }
        extents.append(extent)
        return Int32(extents.count - 1)
    }

    @inline(never)
    private mutating func remove(_ place: Int32) {
        let extent = extents[Int(place)]
        freePlaces.append(place)
        if extent.sizeClass != nil, spares.count < terms.sparesMax {
            spares.append(extent)
        } else {
            bytes -= extent.size
            unsafe source.giveBack(extent: extent.base, extent.size)
        }
    }
}

/// Those with room, by class.
extension BlockExtents {
    @inline(__always)
    private func isAlone(_ index: Int) -> Bool {
        extents[index].next == Self.nowhere && extents[index].previous == Self.nowhere
    }

    @inline(never)
    private mutating func reopen(_ place: Int32, _ sizeClass: Int) {
        let first = open[sizeClass]
        extents[Int(place)].next = first
        extents[Int(place)].previous = Self.nowhere
        if first != Self.nowhere { extents[Int(first)].previous = place }
        open[sizeClass] = place
    }

    @inline(never)
    private mutating func close(_ place: Int32, _ sizeClass: Int) {
        let (next, previous) = (extents[Int(place)].next, extents[Int(place)].previous)
        if next != Self.nowhere { extents[Int(next)].previous = previous }
        if previous == Self.nowhere {
            open[sizeClass] = next
        } else {
            extents[Int(previous)].next = next
        }
    }
}
