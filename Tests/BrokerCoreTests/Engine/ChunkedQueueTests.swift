// SPDX-License-Identifier: Apache-2.0
// A queue against an array: order, what it has, and that it lets go of what leaves it.
import Testing

@testable import BrokerCore

@Suite struct ChunkedQueueTests {
    @Test func itHoldsWhatAnArrayWouldHold() {
        for seed in 0..<10 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var queue = ChunkedQueue<Int>()
            var model: [Int] = []
            for step in 0..<300 {
                // Up to several chunks of the largest size, and often none.
                for number in 0..<random.upTo(400) {
                    queue.append(step * 1000 + number)
                    model.append(step * 1000 + number)
                }
                if random.upTo(4) == 0 {
                    var more = ChunkedQueue<Int>()
                    for number in 0..<random.upTo(300) { more.append(-number) }
                    for _ in 0..<min(random.upTo(300), more.count) { _ = more.removeFirst() }
                    more.forEach { model.append($0) }
                    queue.append(more)
                }
                for _ in 0..<min(random.upTo(500), model.count) {
                    let first = queue.removeFirst()
                    #expect(first == model.removeFirst())
                }
                let (count, isEmpty, first) = (queue.count, queue.isEmpty, queue.first)
                #expect(count == model.count && isEmpty == model.isEmpty && first == model.first)
                var seen: [Int] = []
                queue.forEach { seen.append($0) }
                #expect(seen == model)
            }
        }
    }

    @Test func whatIsNotThereIsNotTaken() async {
        var queue = ChunkedQueue<Int>()
        let (nothing, first) = (queue.popFirst(), queue.first)
        #expect(nothing == nil && first == nil)
        queue.append(7)
        let seven = queue.popFirst()
        let nothingMore = queue.popFirst()
        #expect(seven == 7 && nothingMore == nil)
        await #expect(processExitsWith: .failure) {
            var queue = ChunkedQueue<Int>()
            queue.append(1)
            _ = queue.removeFirst()
            _ = queue.removeFirst()
        }
    }

    @Test func whatLeavesIsLetGo() {
        weak var taken: Thing?
        weak var left: Thing?
        do {
            var queue = ChunkedQueue<Thing>()
            for number in 0..<1000 {
                let thing = Thing(number)
                queue.append(thing)
                if number == 0 { taken = thing }
                if number == 999 { left = thing }
            }
            #expect(taken != nil)
            let number = queue.removeFirst().number
            #expect(number == 0 && taken == nil && left != nil)
        }
        #expect(left == nil)
    }
}
