// SPDX-License-Identifier: Apache-2.0
import Journal
import Testing

@Suite struct GatedCountTests {
    private func gate(_ batch: UInt64) -> Gate { Gate(batch: batch) }

    @Test func whatIsDurableIsNotCounted() {
        var count = GatedCount()
        count.add(behind: .none, durable: .none)
        count.add(behind: gate(3), durable: gate(3))
        #expect(count.count(durable: gate(3)) == 0)
    }

    @Test func eachBatchTakesItsOwn() {
        var count = GatedCount()
        count.add(behind: gate(1), durable: .none)
        count.add(behind: gate(1), durable: .none)
        count.add(behind: gate(2), durable: .none)
        #expect(count.count(durable: .none) == 3)
        #expect(count.count(durable: gate(1)) == 1)
        count.add(behind: gate(3), durable: gate(1))
        count.add(behind: gate(3), durable: gate(1))
        #expect(count.count(durable: gate(1)) == 3)
        #expect(count.count(durable: gate(2)) == 2)
        #expect(count.count(durable: gate(3)) == 0)
    }
}
