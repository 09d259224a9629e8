// SPDX-License-Identifier: Apache-2.0
// Memory for elements that have numbers: it grows by whole chunks, so that each element stays at one
// address, and none is moved for one more.

/// Which of the elements are there, its owner knows; the memory alone is its own.
@safe
struct ChunkMemory<Element: ~Copyable>: ~Copyable {
    private static var chunkBits: Int { 8 }
    private static var chunkSize: Int { 1 << chunkBits }

    private var chunks: UnsafeMutablePointer<UnsafeMutablePointer<Element>>
    private var chunkCount = 0
    private var chunkCapacity = 4

    init() {
        unsafe chunks = .allocate(capacity: 4)
    }

    deinit {
        for index in 0..<chunkCount {
            unsafe chunks[index].deallocate()
        }
        unsafe chunks.deallocate()
    }

    /// Elements that there is room for.
    var capacity: Int { chunkCount << Self.chunkBits }

    /// `index` must be below `capacity`.
    @inline(__always)
    func address(of index: Int) -> UnsafeMutablePointer<Element> {
        unsafe chunks[index >> Self.chunkBits] + (index & (Self.chunkSize - 1))
    }

    mutating func addChunk() {
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
}
