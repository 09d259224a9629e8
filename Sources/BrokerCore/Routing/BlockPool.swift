// SPDX-License-Identifier: Apache-2.0
// Memory for message bodies. A broker makes and drops a body per message, always of the same few
// sizes: free lists by size class cost 4 instructions where the allocator costs 150.

/// Blocks of raw memory, kept for reuse by size class up to a limit.
@safe
struct BlockPool: ~Copyable {
    /// A piece of memory at least as large as was asked for.
    @safe
    struct Block {
        let base: UnsafeMutableRawPointer
        /// The size class, or `-1` for a block of its own.
        let sizeClass: Int32
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

    init(keptBytesMax: Int = 8 << 20) {
        self.keptBytesMax = keptBytesMax
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
        guard let sizeClass = Self.sizeClass(for: size) else {
            return unsafe Block(base: .allocate(byteCount: size, alignment: 16), sizeClass: -1)
        }
        let bytes = Self.capacity(of: sizeClass)
        if let base = unsafe free[sizeClass].popLast() {
            keptBytes -= bytes
            return unsafe Block(base: base, sizeClass: Int32(sizeClass))
        }
        return unsafe Block(
            base: .allocate(byteCount: bytes, alignment: 16), sizeClass: Int32(sizeClass))
    }

    mutating func give(back block: Block) {
        blocksInUse -= 1
        let sizeClass = Int(block.sizeClass)
        let bytes = sizeClass < 0 ? 0 : Self.capacity(of: sizeClass)
        if sizeClass < 0 || keptBytes + bytes > keptBytesMax {
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
