// SPDX-License-Identifier: Apache-2.0
// Memory for message bodies. A broker makes and drops a body per message, always of the same few
// sizes: free lists by size cost a tenth of what the allocator costs. What has no room in the heap's
// share goes to the overflow, where there is one: queues of clients that are away may be larger
// than RAM.

/// Blocks of raw memory.
@safe
struct BlockPool: ~Copyable {
    /// A piece of memory at least as large as was asked for.
    @safe
    struct Block {
        let base: UnsafeMutableRawPointer
        /// The size that was asked for.
        let size: UInt32
        /// The number of its extent in the overflow; below zero in the heap, where -1 is the first.
        let extent: Int32

        var isInOverflow: Bool { extent >= 0 }
    }

    private(set) var blocksInUse = 0
    private var heap: BlockExtents
    private var overflow: BlockExtents?

    init(_ memory: BodyMemory = BodyMemory()) {
        unsafe heap = BlockExtents(
            .inHeap, shared: memory.shared,
            whole: AllocatedExtents(discard: memory.discard), bytesMax: memory.heapBytesMax)
        overflow = memory.overflow.map { BlockExtents(.inOverflow, shared: $0, whole: $0) }
    }

    @inline(__always)
    mutating func take(_ size: Int) -> Block {
        blocksInUse += 1
        if let found = unsafe heap.take(size) {
            return unsafe Block(base: found.base, size: UInt32(size), extent: ~found.extent)
        }
        return takeElsewhere(size)
    }

    /// The heap's share is used up.
    @inline(never)
    private mutating func takeElsewhere(_ size: Int) -> Block {
        if let found = unsafe overflow?.take(size) {
            return unsafe Block(base: found.base, size: UInt32(size), extent: found.extent)
        }
        guard let found = unsafe heap.take(size, beyondLimit: true) else {
            preconditionFailure("the heap refuses nothing")
        }
        return unsafe Block(base: found.base, size: UInt32(size), extent: ~found.extent)
    }

    /// Takes over memory that somebody else has allocated, as a block of what lies behind `offset`;
    /// nil where the heap's share has no room for it.
    mutating func adopt(
        _ memory: UnsafeMutableRawBufferPointer, from offset: Int
    ) -> Block? {
        guard let extent = unsafe heap.adopt(memory) else { return nil }
        blocksInUse += 1
        return unsafe Block(
            base: memory.baseAddress! + offset, size: UInt32(memory.count - offset),
            extent: ~extent)
    }

    @inline(__always)
    mutating func give(back block: Block) {
        blocksInUse -= 1
        if block.isInOverflow {
            unsafe overflow!.giveBack(block.base, extent: block.extent)
        } else {
            unsafe heap.giveBack(block.base, extent: ~block.extent)
        }
    }
}

extension BlockExtents.Terms {
    fileprivate static let inHeap = Self(
        extentSize: BodyMemory.sharedSize, sharedLimit: 8192, granularity: 8, sparesMax: 128,
        keepsLast: true)

    /// Whole pages, mapped one by one; and an empty one, so that a queue at the brim does not ask for one
    /// with each message.
    fileprivate static let inOverflow = Self(
        extentSize: 1 << 20, sharedLimit: BlockSize.largest, granularity: 4096, sparesMax: 1,
        keepsLast: false)
}

/// The allocator as a source: it has room as long as the process has.
@safe
struct AllocatedExtents: ExtentSource {
    let discard: BodyMemory.Discard

    func takeExtent(_ size: Int) -> UnsafeMutableRawPointer? {
        .allocate(byteCount: size, alignment: 16)
    }

    func giveBack(extent: UnsafeMutableRawPointer, _ size: Int) {
        unsafe discard(extent, size)
    }
}
