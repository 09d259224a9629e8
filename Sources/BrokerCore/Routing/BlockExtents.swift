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
    /// Memory of `size` bytes, a multiple of the terms' granularity and aligned as much; nil if there is no
    /// room for them.
    func takeExtent(_ size: Int) -> UnsafeMutableRawPointer?
    func giveBack(extent: UnsafeMutableRawPointer, _ size: Int)
    /// All blocks of a shared extent have been taken for the first time.
    func filled(extent: UnsafeMutableRawPointer, _ size: Int)
}

extension ExtentSource {
    package func filled(extent: UnsafeMutableRawPointer, _ size: Int) {}
}

@safe
struct BlockExtents: ~Copyable {
    /// How memory is to be cut.
    struct Terms {
        /// Of what blocks share.
        let extentSize: Int
        /// Larger blocks have an extent of their own.
        let sharedLimit: Int
        /// The source gives multiples of this.
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
        var size: Int
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
    /// Of extents that blocks share, and of those of one block.
    private let shared: any ExtentSource
    private let whole: any ExtentSource
    /// What the sources may be asked for; `take(_:beyondLimit:)` can go beyond.
    private let bytesMax: Int
    /// What the sources have given.
    private var bytes = 0
    private var extents = Pile<Extent>()
    /// Numbers of extents that are gone. Their size is 0.
    private var freePlaces = Pile<Int32>()
    /// Empty extents, whoever asks next.
    private var spares = Pile<Extent>()
    /// By class, the first extent with room.
    private var open = InlineArray<100, Int32>(repeating: Self.nowhere)

    init(
        _ terms: Terms, shared: any ExtentSource, whole: any ExtentSource, bytesMax: Int = .max
    ) {
        self.terms = terms
        self.shared = shared
        self.whole = whole
        self.bytesMax = bytesMax
        // Last: asked before all is set, a debug build destroys what was not.
        precondition(open.count == BlockSize.classCount)
    }

    deinit {
        for place in extents.indices where extents[place].size > 0 { giveBack(extents[place]) }
        for index in spares.indices { giveBack(spares[index]) }
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
            if !extents[index].hasRoom {
                unsafe shared.filled(extent: extents[index].base, terms.extentSize)
            }
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
        guard hasRoom(for: memory.count) else { return nil }
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
        guard let base = unsafe takeExtent(of: whole, rounded, beyondLimit) else { return nil }
        return unsafe (
            base, add(Extent(base: base, size: rounded, blockSize: rounded, sizeClass: nil))
        )
    }

    @inline(never)
    private mutating func addShared(
        for size: Int, _ sizeClass: Int, beyondLimit: Bool
    ) -> Bool {
        let spare = unsafe spares.popLast()?.base
        guard let base = unsafe spare ?? takeExtent(of: shared, terms.extentSize, beyondLimit)
        else { return false }
        let extent = unsafe Extent(
            base: base, size: terms.extentSize, blockSize: BlockSize.capacity(for: size),
            sizeClass: UInt8(sizeClass))
        reopen(add(extent), sizeClass)
        return true
    }

    private mutating func takeExtent(
        of source: any ExtentSource, _ size: Int, _ beyondLimit: Bool
    ) -> UnsafeMutableRawPointer? {
        guard beyondLimit || hasRoom(for: size), let base = unsafe source.takeExtent(size)
        else { return nil }
        bytes += size
        return unsafe base
    }

    /// What is empty goes before somebody is refused.
    private mutating func hasRoom(for size: Int) -> Bool {
        if bytes + size > bytesMax, size <= bytesMax { giveBackTheEmpty() }
        return bytes + size <= bytesMax
    }

    private mutating func giveBackTheEmpty() {
        for sizeClass in open.indices { giveUpTheEmpty(of: sizeClass) }
        while let spare = spares.popLast() {
            bytes -= spare.size
            giveBack(spare)
        }
    }

    private mutating func giveUpTheEmpty(of sizeClass: Int) {
        let place = open[sizeClass]
        guard place != Self.nowhere, extents[Int(place)].live == 0 else { return }
        close(place, sizeClass)
        remove(place)
    }

    private func giveBack(_ extent: Extent) {
        let source = extent.sizeClass == nil ? whole : shared
        unsafe source.giveBack(extent: extent.base, extent.size)
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
        extents[Int(place)].size = 0
        freePlaces.append(place)
        if extent.sizeClass != nil, spares.count < terms.sparesMax {
            spares.append(extent)
        } else {
            bytes -= extent.size
            giveBack(extent)
        }
    }
}

/// Those with room, by class.
extension BlockExtents {
    @inline(__always)
    private func isAlone(_ index: Int) -> Bool {
        extents[index].next == Self.nowhere && extents[index].previous == Self.nowhere
    }

    /// An empty one that stayed because it was alone goes, so that each class has one at most, and first.
    @inline(never)
    private mutating func reopen(_ place: Int32, _ sizeClass: Int) {
        giveUpTheEmpty(of: sizeClass)
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
