// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Journal

@Suite struct BufferPoolTests {
    /// An output that has said something and is empty again.
    private func speak(_ output: inout GatedOutput, _ count: Int, _ pool: borrowing BufferPool) {
        output.borrow(from: pool)
        output.append(atMost: count, behind: .none, durable: .none) { out in
            for _ in 0..<count { out.append(7) }
        }
        _ = output.wrote(count, givingBackTo: pool)
    }

    @Test func whatOneGaveBackServesTheNext() {
        let pool = BufferPool()
        var first = GatedOutput()
        var second = GatedOutput()
        speak(&first, 5000, pool)
        #expect(pool.spareBytes == 8192)
        speak(&second, 5, pool)
        #expect(pool.spareBytes == 8192)
    }

    @Test func anOutputWithBytesInItKeepsItsMemory() {
        let pool = BufferPool()
        var output = GatedOutput()
        output.borrow(from: pool)
        output.append(word: 1, behind: .none, durable: .none)
        output.giveBack(to: pool)
        #expect(pool.spareBytes == 0)
        #expect(output.pendingBytes == 4)
    }

    /// Ten thousand that were busy at the same time leave no more than the pool may hold.
    @Test func spareMemoryHasABound() {
        let pool = BufferPool()
        for _ in 0..<1000 {
            var outputs = GatedOutput()
            outputs.append(atMost: 60_000, behind: .none, durable: .none) { out in
                for _ in 0..<60_000 { out.append(7) }
            }
            _ = outputs.wrote(60_000, givingBackTo: pool)
        }
        #expect(pool.spareBytes == BufferPool.spareBytesMax)
    }
}
