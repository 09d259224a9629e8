// SPDX-License-Identifier: Apache-2.0
// How memory is cut for bodies: hardly larger than they are, side by side, and given back by the extent.
import Testing

@testable import BrokerCore

@Suite struct BlockExtentsTests {
    @Test func blocksAreHardlyLargerThanWhatTheyAreFor() {
        var classes: [Int: Int] = [:]
        for size in 0...BlockSize.largest {
            let capacity = BlockSize.capacity(for: size)
            let idle = capacity - size
            #expect(idle >= 0 && (size > 512 ? idle * 5 <= capacity : idle < 8 || size == 0))
            // All of a class are equal, and no others are.
            let sizeClass = BlockSize.sizeClass(for: size)
            #expect(classes[sizeClass, default: capacity] == capacity)
            classes[sizeClass] = capacity
        }
        #expect(classes.keys.sorted() == Array(0..<BlockSize.classCount))
        #expect(Set(classes.values).count == BlockSize.classCount)
    }

    /// The heap's memory, counted.
    private final class Heap: ExtentSource {
        private(set) var bytes = 0
        private(set) var taken = 0

        func takeExtent(_ size: Int) -> UnsafeMutableRawPointer? {
            bytes += size
            taken += 1
            return .allocate(byteCount: size, alignment: 16)
        }

        func giveBack(extent: UnsafeMutableRawPointer, _ size: Int) {
            bytes -= size
            extent.deallocate()
        }
    }

    private let heap = Heap()

    private func terms(sparesMax: Int, keepsLast: Bool) -> BlockExtents.Terms {
        .init(
            extentSize: 4096, sharedLimit: 1024, granularity: 8, sparesMax: sparesMax,
            keepsLast: keepsLast)
    }

    private func take(
        _ extents: inout BlockExtents, _ size: Int, beyondLimit: Bool = false
    ) throws -> (base: UnsafeMutableRawPointer, extent: Int32) {
        let block = extents.take(size, beyondLimit: beyondLimit)
        return try #require(block)
    }

    @Test func blocksLieSideBySide() throws {
        var extents = BlockExtents(terms(sparesMax: 0, keepsLast: false), source: heap)
        let blocks = try (0..<128).map { _ in try take(&extents, 60).base }
        #expect(heap.bytes == 2 * 4096)
        for half in [blocks[..<64], blocks[64...]] {
            #expect(zip(half, half.dropFirst()).allSatisfy { $1 - $0 == 64 })
        }
    }

    /// In whatever order blocks come back: what is empty goes but for the spares, and what has room is
    /// used before more is asked for.
    @Test(arguments: [1, 3, 7, 11, 63])
    func whatIsEmptyGoesBack(_ step: Int) throws {
        do {
            var extents = BlockExtents(terms(sparesMax: 2, keepsLast: false), source: heap)
            for _ in 0..<3 {
                var blocks = try (0..<640).map { _ in try take(&extents, 64) }
                #expect(heap.bytes == 10 * 4096)
                // Half of them, from all over.
                var index = 0
                for _ in 0..<320 {
                    index = (index + step) % blocks.count
                    let block = blocks.remove(at: index)
                    extents.giveBack(block.base, extent: block.extent)
                }
                let (before, taken) = (heap.bytes, heap.taken)
                let room = before / 64 - blocks.count
                for _ in 0..<room { blocks.append(try take(&extents, 64)) }
                #expect(heap.taken == taken)
                for block in blocks { extents.giveBack(block.base, extent: block.extent) }
                #expect(heap.bytes == 2 * 4096)
            }
        }
        #expect(heap.bytes == 0)
    }

    /// One message after the other asks for nothing, and finds its block where the last one left it.
    @Test func theLastOfItsSizeStays() throws {
        var extents = BlockExtents(terms(sparesMax: 0, keepsLast: true), source: heap)
        let first = try take(&extents, 100)
        extents.giveBack(first.base, extent: first.extent)
        for _ in 0..<100 {
            let block = try take(&extents, 100)
            #expect(block == first)
            extents.giveBack(block.base, extent: block.extent)
        }
        #expect(heap.taken == 1)
        // Of two that are empty, one goes.
        let many = try (0..<40).map { _ in try take(&extents, 100) }
        #expect(heap.bytes == 2 * 4096)
        for block in many { extents.giveBack(block.base, extent: block.extent) }
        #expect(heap.bytes == 4096)
    }

    @Test func theLimitIsKeptUnlessItMustNot() throws {
        var extents = BlockExtents(
            terms(sparesMax: 1, keepsLast: false), source: heap, bytesMax: 5000)
        let shared = try take(&extents, 1000)
        let refused = extents.take(1025)
        #expect(refused == nil)
        let beyond = try take(&extents, 1025, beyondLimit: true)
        #expect(heap.bytes == 4096 + 1032)
        let foreign = UnsafeMutableRawBufferPointer(start: beyond.base, count: 2000)
        let adopted = extents.adopt(foreign)
        #expect(adopted == nil)
        extents.giveBack(beyond.base, extent: beyond.extent)
        extents.giveBack(shared.base, extent: shared.extent)
    }
}
