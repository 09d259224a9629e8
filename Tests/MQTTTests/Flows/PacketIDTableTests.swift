// SPDX-License-Identifier: Apache-2.0
// The table of open identifiers against a dictionary.
import Testing

@testable import MQTT

@Suite struct PacketIDTableTests {
    @Test func itHoldsWhatADictionaryWouldHold() {
        for seed in 0..<20 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var table = PacketIDTable<Int>()
            var model: [PacketID: Int] = [:]
            // A narrow range makes long runs of probes; a stride makes them collide.
            let stride: UInt16 = random.pick([1, 4, 16, 1024])
            for step in 0..<800 {
                let id = PacketID(UInt16(random.upTo(60)) &* stride &+ 1)
                switch random.upTo(3) {
                case 0, 1:
                    if model[id] == nil {
                        table.insert(step, for: id)
                        model[id] = step
                    } else {
                        table.replace(id, with: step)
                        model[id] = step
                    }
                case 2: #expect(table.remove(id) == model.removeValue(forKey: id))
                default: table.shrinkIfEmpty()
                }
                #expect(table.count == model.count)
                #expect(table.contains(id) == (model[id] != nil))
                #expect(table[id] == model[id])
            }
            #expect(table.ids == model.keys.sorted())
            for id in model.keys { #expect(table[id] == model[id]) }
        }
    }

    @Test func runsThatGoAroundTheEndAreClosed() {
        // In eight slots 7, 15 and 23 all begin at the last one.
        for removed in [7, 15, 23] as [PacketID] {
            var table = PacketIDTable<UInt16>()
            for id in [7, 15, 23] as [PacketID] { table.insert(id.rawValue, for: id) }
            #expect(table.remove(removed) == removed.rawValue)
            for id in [7, 15, 23] as [PacketID] where id != removed {
                #expect(table[id] == id.rawValue)
            }
            #expect(table[removed] == nil)
            #expect(table.ids.count == 2)
        }
    }

    @Test func allIdentifiersCanBeOpenAtOnce() {
        var table = PacketIDTable<UInt16>()
        for number in 1...65_535 as ClosedRange<UInt16> {
            table.insert(number, for: PacketID(number))
        }
        #expect(table.count == 65_535)
        #expect(table[1] == 1)
        #expect(table[65_535] == 65_535)
        for number in 1...65_535 as ClosedRange<UInt16>
        where table.remove(PacketID(number)) != number {
            Issue.record("\(number) is lost")
        }
        #expect(table.count == 0)
        table.shrinkIfEmpty()
        #expect(table[1] == nil)
        #expect(table.remove(1) == nil)
    }

    @Test func anEmptyTableKnowsNothing() {
        let table = PacketIDTable<Int>()
        #expect(table.count == 0)
        #expect(table.contains(1) == false)
        #expect(table[65_535] == nil)
        #expect(table.ids == [])
    }

    private final class Life {
        let number: UInt16
        let died: (UInt16) -> Void

        init(_ number: UInt16, _ died: @escaping (UInt16) -> Void) {
            self.number = number
            self.died = died
        }

        deinit { died(number) }
    }

    /// However they were moved: by others that belong nearer, into gaps, into larger memory.
    @Test func eachValueLivesAsLongAsItIsOpen() {
        for seed in 0..<50 {
            var random = SplitMix64(seed: UInt64(seed))
            var open: [UInt16] = []
            var dead: [UInt16] = []
            do {
                var table = PacketIDTable<Life>()
                for _ in 0..<400 {
                    let number = 1 + 8 * UInt16.random(in: 0..<40, using: &random)
                    let id = PacketID(number)
                    if table.contains(id) {
                        #expect(table.remove(id)?.number == number)
                        open.removeAll { $0 == number }
                        #expect(dead.popLast() == number)
                    } else {
                        table.insert(Life(number) { dead.append($0) }, for: id)
                        open.append(number)
                    }
                    #expect(dead.isEmpty)
                }
                for number in open { #expect(table[PacketID(number)]?.number == number) }
            }
            #expect(dead.sorted() == open.sorted())
        }
    }
}
