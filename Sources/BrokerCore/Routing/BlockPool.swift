// SPDX-License-Identifier: Apache-2.0
// Memory for message bodies. A broker makes and drops a body per message, always of the same few
// sizes: free lists by size class cost 4 instructions where the allocator costs 150. What has no
// room in the heap's share goes to the overflow, where there is one.

/// Blocks of raw memory, kept for reuse by size class up to a limit.
@safe
struct BlockPool: ~Copyable {
    /// A piece of memory at least as large as was asked for.
    @safe
    struct Block {
        let base: UnsafeMutableRawPointer
        /// The size that was asked for.
        let size: UInt32
        /// The extent of the overflow. A block of the heap has -1, less how far it begins inside of the
        /// memory that was allocated.
        let extent: Int32

        /// What a block of the heap was allocated as.
        var allocation: UnsafeMutableRawPointer { unsafe base + Int(extent) + 1 }
    }

    private static var smallestStep: Int { 32 }
    private static var steppedLimit: Int { 512 }
    private static var pooledLimit: Int { 8192 }

    /// Bytes of the heap's blocks in use.
    private var heapBytes = 0
    private let heapBytesMax: Int
    private(set) var blocksInUse = 0
    private var keptBytes = 0
    private let keptBytesMax: Int
    /// The first free block of each class; each holds the next in its own first bytes.
    private var free = unsafe InlineArray<20, UnsafeMutableRawPointer?>(repeating: nil)
    private var overflow: OverflowBlocks?
    private let discard: BodyMemory.Discard

    init(_ memory: BodyMemory = BodyMemory(), keptBytesMax: Int = 8 << 20) {
        self.keptBytesMax = keptBytesMax
        heapBytesMax = memory.heapBytesMax
        overflow = memory.overflow.map { OverflowBlocks(source: $0) }
        unsafe discard = memory.discard
    }

    deinit {
        for sizeClass in unsafe free.indices {
            var next = unsafe free[sizeClass]
            while let base = unsafe next {
                unsafe next = base.load(as: Optional<UnsafeMutableRawPointer>.self)
                unsafe base.deallocate()
            }
        }
    }

    @inline(__always)
    mutating func take(_ size: Int) -> Block {
        blocksInUse += 1
        let sizeClass = Self.sizeClass(for: size)
        let bytes = sizeClass.map(Self.capacity) ?? size
        if heapBytes + bytes > heapBytesMax, let found = unsafe overflow?.take(size) {
            return unsafe Block(
                base: found.base, size: UInt32(size), extent: Int32(found.extent))
        }
        heapBytes += bytes
        if let sizeClass, let base = unsafe popFree(sizeClass) {
            keptBytes -= bytes
            return unsafe Block(base: base, size: UInt32(size), extent: -1)
        }
        return unsafe Block(
            base: .allocate(byteCount: bytes, alignment: 16), size: UInt32(size), extent: -1)
    }

    /// Takes over memory that somebody else has allocated, as a block of what lies behind `offset`;
    /// nil where the heap's share has no room for it. It is larger than what is kept for reuse.
    mutating func adopt(
        _ memory: UnsafeMutableRawBufferPointer, from offset: Int
    ) -> Block? {
        let size = memory.count - offset
        precondition(size > Self.pooledLimit, "\(size) bytes are too few to be taken over")
        guard heapBytes + size <= heapBytesMax else { return nil }
        blocksInUse += 1
        heapBytes += size
        return unsafe Block(
            base: memory.baseAddress! + offset, size: UInt32(size), extent: -1 - Int32(offset))
    }

    @inline(__always)
    mutating func give(back block: Block) {
        blocksInUse -= 1
        if block.extent >= 0 {
            unsafe overflow!.giveBack(block.base, extent: Int(block.extent))
            return
        }
        let sizeClass = Self.sizeClass(for: Int(block.size))
        let bytes = sizeClass.map(Self.capacity) ?? Int(block.size)
        heapBytes -= bytes
        guard let sizeClass, keptBytes + bytes <= keptBytesMax else {
            unsafe discard(block.allocation, bytes)
            return
        }
        keptBytes += bytes
        unsafe block.base.storeBytes(
            of: free[sizeClass], as: Optional<UnsafeMutableRawPointer>.self)
        unsafe free[sizeClass] = block.base
    }

    @inline(__always)
    private mutating func popFree(_ sizeClass: Int) -> UnsafeMutableRawPointer? {
        guard let base = unsafe free[sizeClass] else { return nil }
        unsafe free[sizeClass] = base.load(as: Optional<UnsafeMutableRawPointer>.self)
        return unsafe base
    }

    /// Steps of 32 bytes up to 512, then doublings up to 8192: 16 and 4 classes.
    @inline(__always)
    private static func sizeClass(for size: Int) -> Int? {
        if size <= steppedLimit { return max(0, size - 1) / smallestStep }
        return size > pooledLimit ? nil : doubledClass(for: size)
    }

    private static func doubledClass(for size: Int) -> Int {
        var sizeClass = steppedLimit / smallestStep
        var capacity = steppedLimit * 2
        while capacity < size {
            capacity *= 2
            sizeClass += 1
        }
        return sizeClass
    }

    @inline(__always)
    private static func capacity(of sizeClass: Int) -> Int {
        let stepped = steppedLimit / smallestStep
        if sizeClass < stepped { return (sizeClass + 1) * smallestStep }
        return steppedLimit << (sizeClass - stepped + 1)
    }
}
