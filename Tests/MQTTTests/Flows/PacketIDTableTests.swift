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
        #expect(table.isEmpty)
        table.shrinkIfEmpty()
        #expect(table[1] == nil)
        #expect(table.remove(1) == nil)
    }

    @Test func anEmptyTableKnowsNothing() {
        let table = PacketIDTable<Int>()
        #expect(table.isEmpty)
        #expect(!table.contains(1))
        #expect(table[65_535] == nil)
        #expect(table.ids.isEmpty)
    }
}
