// SPDX-License-Identifier: Apache-2.0
// The growing buffer against an array of bytes.
import Testing

@testable import Journal

@Suite struct ByteBufferTests {
    private func bytes(_ buffer: borrowing ByteBuffer) -> [UInt8] {
        buffer.withBytes(buffer.head..<buffer.tail) { Array($0) }
    }

    @Test func itHoldsWhatAnArrayWouldHold() {
        for seed in 0..<12 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var buffer = ByteBuffer()
            var model: [UInt8] = []
            for _ in 0..<200 {
                let headBefore = buffer.head
                switch Int.random(in: 0..<10, using: &random) {
                case 0...4:
                    let count = Int.random(in: 0...700, using: &random)
                    let new = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
                    let room = max(1, count + Int.random(in: 0...50, using: &random))
                    let moved = buffer.append(atMost: room) { out in
                        for byte in new { out.append(byte) }
                    }
                    #expect(buffer.head == headBefore - moved)
                    model += new
                case 5:
                    let moved = buffer.append(word: 0x0403_0201)
                    #expect(buffer.head == headBefore - moved)
                    model += [1, 2, 3, 4]
                case 6...8:
                    let count = Int.random(in: 0...buffer.count, using: &random)
                    buffer.consume(count)
                    model.removeFirst(count)
                default:
                    if Int.random(in: 0..<8, using: &random) == 0 {
                        buffer.removeAll()
                        model = []
                    }
                    buffer.trim()
                }
                #expect(bytes(buffer) == model)
                #expect(buffer.count == model.count)
                #expect(buffer.isEmpty == model.isEmpty)
                #expect(buffer.capacity >= buffer.tail)
            }
        }
    }

    /// What grows together would be copied together.
    @Test func manyThatFillAlikeGrowByDifferentAmounts() {
        let slab = (0..<64).map { _ in GrownAlike() }
        for _ in 0..<100 {
            for one in slab { one.buffer.append([UInt8](repeating: 1, count: 1024).span) }
        }
        let capacities = slab.map { $0.buffer.capacity }
        #expect(capacities.allSatisfy { 102_400...400_000 ~= $0 })
        #expect(Set(capacities).count > 4)
    }

    private final class GrownAlike {
        var buffer = ByteBuffer()
    }

    @Test func anEmptyBufferBeginsAnew() {
        var buffer = ByteBuffer()
        #expect(buffer.capacity == 0)
        buffer.append(word: 1)
        buffer.consume(4)
        #expect(buffer.head == 0)
        #expect(buffer.tail == 0)
        #expect(buffer.capacity > 0)
        buffer.trim()
        #expect(buffer.capacity == 0)
    }

    @Test func aLargeBufferGivesItsMemoryBackWhenItIsEmpty() {
        var buffer = ByteBuffer()
        buffer.append(atMost: 1_000_000) { out in
            for _ in 0..<1_000_000 { out.append(7) }
        }
        buffer.consume(999_999)
        #expect(bytes(buffer) == [7])
        buffer.trim()
        #expect(bytes(buffer) == [7])
        buffer.consume(1)
        #expect(buffer.capacity == 0)
    }

    /// A stream that never empties must not grow for ever.
    @Test func aBufferThatIsNeverEmptyStaysSmall() {
        var buffer = ByteBuffer()
        for _ in 0..<10_000 {
            buffer.append(word: 0x0101_0101)
            if buffer.count > 100 { buffer.consume(60) }
        }
        #expect(buffer.capacity <= 512)
    }
}

extension ByteBuffer {
    /// As an output does it.
    @discardableResult
    fileprivate mutating func append(word: UInt32) -> Int {
        let moved = reserve(4)
        fill(word: word)
        return moved
    }
}
