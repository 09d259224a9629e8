// SPDX-License-Identifier: Apache-2.0
// Bodies beyond the heap's share: where they lie, that they stay whole, and that the room for them
// is given back.
import MQTT
import Testing

@testable import BrokerCore

@Suite struct BodyOverflowTests {
    private let overflow = CountedExtents(granularity: 4096)

    @Test func theHeapComesFirst() {
        var pool = BlockPool(BodyMemory(heapBytesMax: 20_000, overflow: overflow))
        let inHeap = pool.take(10_000)
        #expect(overflow.taken == 0)
        #expect(!inHeap.isInOverflow)
        let beyond = pool.take(10_001)
        #expect(overflow.taken == 1)
        #expect(beyond.isInOverflow)
        pool.give(back: inHeap)
        let inHeapAgain = pool.take(20_000)
        #expect(!inHeapAgain.isInOverflow)
        #expect(overflow.taken == 1)
        pool.give(back: beyond)
        pool.give(back: inHeapAgain)
        #expect(pool.blocksInUse == 0)
    }

    /// What is counted is what the heap has given, not what of it is in use: one message left of each
    /// extent, and there is no room for others than such of its size.
    @Test func theHeapsShareIsOfAllThatItHasGiven() {
        var pool = BlockPool(BodyMemory(heapBytesMax: 256 << 10, overflow: overflow))
        let blocks = (0..<4096).map { _ in pool.take(64) }
        #expect(overflow.taken == 0)
        for (index, block) in blocks.enumerated() where index % 1024 != 0 { pool.give(back: block) }
        let larger = pool.take(65)
        #expect(larger.isInOverflow)
        let equal = pool.take(64)
        #expect(!equal.isInOverflow)
        for block in [larger, equal] { pool.give(back: block) }
        for index in stride(from: 0, to: 4096, by: 1024) { pool.give(back: blocks[index]) }
        let afterwards = pool.take(65)
        #expect(!afterwards.isInOverflow)
        pool.give(back: afterwards)
    }

    @Test func theHeapTakesWhatTheOverflowRefuses() {
        overflow.bytesMax = 0
        var pool = BlockPool(BodyMemory(heapBytesMax: 0, overflow: overflow))
        let block = pool.take(300)
        block.base.initializeMemory(as: UInt8.self, repeating: 1, count: 300)
        #expect(!block.isInOverflow)
        pool.give(back: block)
    }

    /// All but one extent go back as soon as they are empty, and that one with the pool.
    @Test func emptyExtentsGoBack() {
        do {
            var pool = BlockPool(BodyMemory(heapBytesMax: 0, overflow: overflow))
            let small = (0..<200_000).map { _ in pool.take(200) }
            let large = (0..<3).map { _ in pool.take(5_000_000) }
            #expect(overflow.bytes > 200_000 * 200 + 3 * 5_000_000)
            for block in small + large { pool.give(back: block) }
            #expect(overflow.bytes == 1 << 20)
            let before = overflow.taken
            for _ in 0..<100 {
                let block = pool.take(900)
                pool.give(back: block)
            }
            #expect(overflow.taken == before)
        }
        #expect(overflow.bytes == 0)
    }

    /// Messages that are still held when their store goes leave nothing behind either.
    @Test func aStoreGivesAllBack() {
        do {
            var store = MessageStore(memory: BodyMemory(heapBytesMax: 100, overflow: overflow))
            for _ in 0..<10 {
                let draft = MessageStore.Draft(
                    qos: .atLeastOnce, retain: false, topicCount: 0, propertiesCount: 0,
                    payloadCount: 64)
                _ = store.create(draft) { out in
                    for byte in 0..<64 { out.append(UInt8(byte)) }
                }
            }
            #expect(overflow.taken == 1)
        }
        #expect(overflow.bytes == 0)
    }

    @Test func blocksInUseNeverOverlap() {
        var pool = BlockPool(BodyMemory(heapBytesMax: 200_000, overflow: overflow))
        exercise(
            &pool, seed: 11, steps: 6000,
            sizes: [0, 1, 33, 64, 65, 200, 600, 9000, 130_000, 600_000], takenMax: 400)
        #expect(overflow.bytes <= 1 << 20)
    }
}
