// SPDX-License-Identifier: Apache-2.0
// Memory for the bodies that have no room in the heap's share: queues of clients that are away may
// be larger than RAM. Blocks of one size share an extent, which goes back whole with the last of
// them. Free blocks are linked through their own first bytes.

/// Memory that the kernel may move to a disk: slower than the heap, and larger.
///
/// Not bound to classes, for a reason far from here: a value of unknown layout inside keeps the
/// compiler from taking `Broker` and `Engine`, which own it, for values that can be copied to be
/// lent. Bound to `AnyObject` each call of a function that does not mutate them copied some hundred
/// bytes, 2,000 instructions a message.
package protocol BodyOverflow {
    /// `size` bytes, a multiple of 4096 and aligned as much; nil if there is no room for them.
    func takeExtent(_ size: Int) -> UnsafeMutableRawPointer?
    func giveBack(extent: UnsafeMutableRawPointer, _ size: Int)
}

@safe
struct OverflowBlocks: ~Copyable {
    private static let extentSize = 4 << 20
    /// Larger blocks have an extent of their own.
    private static let sharedLimit = 512 << 10

    @safe
    private struct Extent {
        let base: UnsafeMutableRawPointer
        let size: Int
        let blockSize: Int
        var live = 0
        /// Blocks from this number on were never taken.
        var fresh = 0
        /// One more than the number of the first free block; 0 for none.
        var firstFree: UInt32 = 0

        var hasRoom: Bool { firstFree != 0 || (fresh + 1) * blockSize <= size }
    }

    private let source: any BodyOverflow
    private var extents: ContiguousArray<Extent?> = []
    private var freePlaces: [Int] = []
    /// Extents with room, by the size of their blocks.
    private var open: [Int: [Int]] = [:]
    /// An empty extent, so that a queue at the brim does not ask for one with each message.
    private var spare: UnsafeMutableRawPointer?

    init(source: any BodyOverflow) {
        self.source = source
    }

    deinit {
        for extent in extents {
            if let extent { unsafe source.giveBack(extent: extent.base, extent.size) }
        }
        if let spare = unsafe spare { unsafe source.giveBack(extent: spare, Self.extentSize) }
    }

    /// A block of at least `size` bytes and the number of its extent; nil if there is no room.
    mutating func take(_ size: Int) -> (base: UnsafeMutableRawPointer, extent: Int)? {
        let blockSize = Self.blockSize(for: size)
        guard let place = open[blockSize]?.last ?? addExtent(of: blockSize) else { return nil }
        var extent = extents[place]!
        let base: UnsafeMutableRawPointer
        if extent.firstFree != 0 {
            unsafe base = extent.base + Int(extent.firstFree - 1) * blockSize
            extent.firstFree = unsafe base.load(as: UInt32.self)
        } else {
            unsafe base = extent.base + extent.fresh * blockSize
            extent.fresh += 1
        }
        extent.live += 1
        extents[place] = extent
        if !extent.hasRoom { open[blockSize]!.removeLast() }
        return unsafe (base, place)
    }

    mutating func giveBack(_ base: UnsafeMutableRawPointer, extent place: Int) {
        var extent = extents[place]!
        let hadRoom = extent.hasRoom
        extent.live -= 1
        if extent.live == 0 {
            remove(extent, at: place, wasOpen: hadRoom)
            return
        }
        unsafe base.storeBytes(of: extent.firstFree, as: UInt32.self)
        extent.firstFree = UInt32(unsafe (base - extent.base) / extent.blockSize) + 1
        extents[place] = extent
        if !hadRoom { open[extent.blockSize, default: []].append(place) }
    }

    private mutating func addExtent(of blockSize: Int) -> Int? {
        let size = blockSize <= Self.sharedLimit ? Self.extentSize : blockSize
        let kept = size == Self.extentSize ? unsafe spare : nil
        if unsafe kept != nil { unsafe spare = nil }
        guard let base = unsafe kept ?? source.takeExtent(size) else { return nil }
        let extent = unsafe Extent(base: base, size: size, blockSize: blockSize)
        let place: Int
        if let free = freePlaces.popLast() {
            place = free
            extents[place] = extent
        } else {
            place = extents.count
            extents.append(extent)
        }
        open[blockSize, default: []].append(place)
        return place
    }

    private mutating func remove(_ extent: Extent, at place: Int, wasOpen: Bool) {
        if wasOpen { open[extent.blockSize]!.removeAll { $0 == place } }
        extents[place] = nil
        freePlaces.append(place)
        if extent.size == Self.extentSize, unsafe spare == nil {
            unsafe spare = extent.base
        } else {
            unsafe source.giveBack(extent: extent.base, extent.size)
        }
    }

    /// Four sizes to each doubling: at most a fifth of a block is idle. Whole pages from where a
    /// block has its own extent.
    private static func blockSize(for size: Int) -> Int {
        let wanted = max(size, 64)
        let doubling = Int.bitWidth - 1 - (wanted - 1).leadingZeroBitCount
        let step = max(16, 1 << (doubling - 2))
        let rounded = (wanted + step - 1) / step * step
        return rounded <= sharedLimit ? rounded : (wanted + 4095) / 4096 * 4096
    }
}
