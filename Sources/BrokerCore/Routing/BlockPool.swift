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
        /// The extent of the overflow, or -1 for a block of the heap.
        let extent: Int32
    }

    private static let smallestStep = 32
    private static let steppedLimit = 512
    private static let pooledLimit = 8192
    /// Steps of 32 bytes up to 512, then doublings up to 8192.
    private static let classCount = 16 + 4

    private var free: [[UnsafeMutableRawPointer]]
    private var keptBytes = 0
    private let keptBytesMax: Int
    private(set) var blocksInUse = 0
    /// Bytes of the heap's blocks in use.
    private var heapBytes = 0
    private let heapBytesMax: Int
    private var overflow: OverflowBlocks?

    init(
        keptBytesMax: Int = 8 << 20, heapBytesMax: Int = .max, overflow: (any BodyOverflow)? = nil
    ) {
        self.keptBytesMax = keptBytesMax
        self.heapBytesMax = heapBytesMax
        self.overflow = overflow.map { OverflowBlocks(source: $0) }
        unsafe free = Array(repeating: [], count: Self.classCount)
    }

    deinit {
        for sizeClass in unsafe free.indices {
            for index in unsafe free[sizeClass].indices {
                unsafe free[sizeClass][index].deallocate()
            }
        }
    }

    mutating func take(_ size: Int) -> Block {
        blocksInUse += 1
        let sizeClass = Self.sizeClass(for: size)
        let bytes = sizeClass.map(Self.capacity) ?? size
        if heapBytes + bytes > heapBytesMax, let found = unsafe overflow?.take(size) {
            return unsafe Block(
                base: found.base, size: UInt32(size), extent: Int32(found.extent))
        }
        heapBytes += bytes
        if let sizeClass, let base = unsafe free[sizeClass].popLast() {
            keptBytes -= bytes
            return unsafe Block(base: base, size: UInt32(size), extent: -1)
        }
        return unsafe Block(
            base: .allocate(byteCount: bytes, alignment: 16), size: UInt32(size), extent: -1)
    }

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
            unsafe block.base.deallocate()
            return
        }
        keptBytes += bytes
        unsafe free[sizeClass].append(block.base)
    }

    private static func sizeClass(for size: Int) -> Int? {
        if size <= steppedLimit { return max(0, (size + smallestStep - 1) / smallestStep - 1) }
        if size > pooledLimit { return nil }
        var sizeClass = steppedLimit / smallestStep
        var capacity = steppedLimit * 2
        while capacity < size {
            capacity *= 2
            sizeClass += 1
        }
        return sizeClass
    }

    private static func capacity(of sizeClass: Int) -> Int {
        let stepped = steppedLimit / smallestStep
        if sizeClass < stepped { return (sizeClass + 1) * smallestStep }
        return steppedLimit << (sizeClass - stepped + 1)
    }
}
