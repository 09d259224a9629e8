// SPDX-License-Identifier: Apache-2.0
// How memory is cut for bodies: hardly larger than they are, side by side, and given back by the extent.
import Testing

@testable import BrokerCore

@Suite struct BlockExtentsTests {
    @Test func blocksAreHardlyLargerThanWhatTheyAreFor() {
        var classes: [Int: Int] = [:]
        let wrong = (0...BlockSize.largest).filter { size in
            let capacity = BlockSize.capacity(for: size)
            let sizeClass = BlockSize.sizeClass(for: size)
            // All of a class are equal.
            let isEqual = classes[sizeClass, default: capacity] == capacity
            classes[sizeClass] = capacity
            let idle = capacity - max(1, size)
            return !isEqual || idle < 0 || (size > 512 ? idle * 5 > capacity : idle >= 8)
        }
        #expect(wrong == [])
        #expect(classes.keys.sorted() == Array(0..<BlockSize.classCount))
        #expect(Set(classes.values).count == BlockSize.classCount)
    }

    private let heap = CountedExtents(granularity: 8)

    private func extents(
        sparesMax: Int = 0, keepsLast: Bool = false, bytesMax: Int = .max
    ) -> BlockExtents {
        let terms = BlockExtents.Terms(
            extentSize: 4096, sharedLimit: 1024, granularity: 8, sparesMax: sparesMax,
            keepsLast: keepsLast)
        return BlockExtents(terms, shared: heap, whole: heap, bytesMax: bytesMax)
    }

    private func take(
        _ extents: inout BlockExtents, _ size: Int, beyondLimit: Bool = false
    ) throws -> (base: UnsafeMutableRawPointer, extent: Int32) {
        let block = extents.take(size, beyondLimit: beyondLimit)
        return try #require(block)
    }

    @Test func blocksLieSideBySide() throws {
        var extents = extents()
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
            var extents = extents(sparesMax: 2)
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
        var extents = extents(keepsLast: true)
        let first = try take(&extents, 100)
        extents.giveBack(first.base, extent: first.extent)
        for _ in 0..<100 {
            let block = try take(&extents, 100)
            #expect(block == first)
            extents.giveBack(block.base, extent: block.extent)
        }
        #expect(heap.taken == 1)
        // One that is empty goes when another has room again.
        let full = try (0..<39).map { _ in try take(&extents, 100) }
        let alone = try take(&extents, 100)
        extents.giveBack(alone.base, extent: alone.extent)
        #expect(heap.bytes == 2 * 4096)
        extents.giveBack(full[0].base, extent: full[0].extent)
        #expect(heap.bytes == 4096)
        for block in full[1...] { extents.giveBack(block.base, extent: block.extent) }
        #expect(heap.bytes == 4096)
        // Of two that are empty, one goes.
        let many = try (0..<40).map { _ in try take(&extents, 100) }
        #expect(heap.bytes == 2 * 4096)
        for block in many { extents.giveBack(block.base, extent: block.extent) }
        #expect(heap.bytes == 4096)
    }

    @Test func theLimitIsKeptUnlessItMustNot() throws {
        var extents = extents(sparesMax: 1, bytesMax: 5000)
        let shared = try take(&extents, 1000)
        let refused = extents.take(1025)
        #expect(refused == nil)
        let beyond = try take(&extents, 1025, beyondLimit: true)
        #expect(heap.bytes == 4096 + 1032)
        let foreign = UnsafeMutableRawBufferPointer(start: beyond.base, count: 2000)
        let adopted = extents.adopt(foreign)
        #expect(adopted == nil)
        let more = extents.take(1025, beyondLimit: false)
        #expect(more == nil)
        extents.giveBack(beyond.base, extent: beyond.extent)
        extents.giveBack(shared.base, extent: shared.extent)
    }

    /// Memory that nobody uses is given up for another size, or for what is larger.
    @Test(arguments: [65, 1025, 8192])
    func whatIsEmptyGoesBeforeSomebodyIsRefused(_ size: Int) throws {
        var extents = extents(sparesMax: 1, keepsLast: true, bytesMax: 8192)
        let blocks = try (0..<128).map { _ in try take(&extents, 64) }
        let refused = extents.take(size)
        #expect(refused == nil)
        for block in blocks { extents.giveBack(block.base, extent: block.extent) }
        #expect(heap.bytes == 8192)
        let taken = try take(&extents, size)
        extents.giveBack(taken.base, extent: taken.extent)
        let again = try take(&extents, 64)
        extents.giveBack(again.base, extent: again.extent)
        #expect(heap.bytes <= 8192)
    }

    /// Memory that somebody else has allocated goes back where it came from, from its front on.
    @Test func whatWasAdoptedGoesBackWhole() throws {
        var extents = extents(bytesMax: 5000)
        let base = try #require(heap.takeExtent(4096))
        let memory = UnsafeMutableRawBufferPointer(start: base, count: 4096)
        let extent = extents.adopt(memory)
        let place = try #require(extent)
        extents.giveBack(base + 100, extent: place)
        #expect(heap.bytes == 0)
    }

    /// Its source is told once that an extent is full, however often it is again.
    @Test func anExtentIsFilledOnce() throws {
        var extents = extents()
        for round in 0..<4 {
            let blocks = try (round == 0 ? 0..<64 : 1..<64).map { _ in try take(&extents, 64) }
            #expect(heap.filled == 1)
            for block in blocks.suffix(63) {
                extents.giveBack(block.base, extent: block.extent)
            }
        }
        #expect(heap.bytes == 4096)
    }
}
