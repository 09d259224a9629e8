// SPDX-License-Identifier: Apache-2.0
// Bodies and the memory under them: counted, reused, given back.
import MQTT
import Testing

@testable import BrokerCore

@Suite struct MessageStoreTests {
    private func draft(_ topic: Int, _ properties: Int, _ payload: Int) -> MessageStore.Draft {
        MessageStore.Draft(
            qos: .atLeastOnce, retain: true, topicCount: topic, propertiesCount: properties,
            payloadCount: payload)
    }

    private func bytes(_ span: Span<UInt8>) -> [UInt8] { span.indices.map { span[$0] } }

    @Test func aBodyHasItsParts() {
        var store = MessageStore()
        let id = store.create(draft(2, 1, 3)) { out in
            for byte in 1...6 { out.append(UInt8(byte)) }
        }
        #expect(bytes(store[id].topic) == [1, 2])
        #expect(bytes(store[id].properties) == [3])
        #expect(bytes(store[id].payload) == [4, 5, 6])
        #expect(bytes(store[id].body) == [1, 2, 3, 4, 5, 6])
        #expect(Array(store[id].payloadMemory) == [4, 5, 6])
        let copy = store.copy(id, expires: Instant(nanoseconds: 5))
        #expect(bytes(store[copy].body) == [1, 2, 3, 4, 5, 6])
        #expect(store[copy].expires == Instant(nanoseconds: 5))
        #expect(store[copy].number == store[id].number + 1)
        #expect(store.blocksInUse == 2)
        store.release(id)
        store.release(copy)
        #expect(store.blocksInUse == 0)
    }

    @Test func theLastHolderFreesIt() {
        var store = MessageStore()
        let id = store.create(draft(0, 0, 0)) { _ in }
        store.hold(id)
        store.hold(id)
        for _ in 0..<2 { store.release(id) }
        #expect(store.contains(id) == true)
        store.release(id)
        #expect(store.contains(id) == false)
        #expect(store.count == 0)
    }

    @Test func numbersGoOnBehindWhatWasRestored() {
        var store = MessageStore()
        store.restore(draft(0, 0, 1), number: 700, at: MessageID(place: 9)) { $0.append(1) }
        let id = store.create(draft(0, 0, 0)) { _ in }
        #expect(store[id].number == 701)
        #expect(store[MessageID(place: 9)].isJournalled == true)
        #expect(store.count == 2)
    }

    @Test func blocksAreLargeEnoughAndUsedAgain() {
        var pool = BlockPool()
        for size in [0, 1, 7, 8, 9, 511, 512, 513, 1024, 1025, 8191, 8192, 8193, 100_000] {
            let block = pool.take(size)
            // The whole size may be written.
            block.base.initializeMemory(as: UInt8.self, repeating: 0xAA, count: size)
            #expect(pool.blocksInUse == 1)
            pool.give(back: block)
            #expect(pool.blocksInUse == 0)
            let again = pool.take(size)
            if size <= 8192 {
                #expect(again.base == block.base)
            }
            pool.give(back: again)
        }
    }

    @Test func blocksInUseNeverOverlap() {
        var pool = BlockPool()
        exercise(
            &pool, seed: 4, steps: 3000, sizes: [1, 30, 33, 200, 512, 600, 3000, 9000],
            takenMax: 60)
    }
}
