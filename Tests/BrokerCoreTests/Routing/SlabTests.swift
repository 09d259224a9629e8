// SPDX-License-Identifier: Apache-2.0
// Numbered places against a dictionary, with places taken by number as recovery does.
import Glibc
import Testing

@testable import BrokerCore

@Suite struct SlabTests {
    /// Says when it dies.
    private struct Thing: ~Copyable {
        let value: Int
        let graves: Graves

        deinit { graves.count += 1 }
    }

    private final class Graves {
        var count = 0
    }

    @Test func itHoldsWhatADictionaryWouldHold() {
        for seed in 0..<10 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            let graves = Graves()
            var made = 0
            do {
                var slab = Slab<Thing>()
                var model: [Int: Int] = [:]
                for step in 0..<1500 {
                    let place = random.upTo(700)
                    switch random.upTo(3) {
                    case 0:
                        let next = slab.nextPlace
                        #expect(model[next] == nil)
                        #expect(slab.insert(Thing(value: step, graves: graves)) == next)
                        model[next] = step
                        made += 1
                    case 1 where model[place] == nil:
                        slab.insert(Thing(value: step, graves: graves), at: place)
                        model[place] = step
                        made += 1
                    case 2 where model[place] != nil:
                        let thing = slab.remove(place)
                        #expect(thing.value == model.removeValue(forKey: place))
                    default:
                        #expect(slab.contains(place) == (model[place] != nil))
                    }
                    #expect(slab.count == model.count)
                }
                for (place, value) in model { #expect(slab[place].value == value) }
                #expect((0..<slab.bound).filter { slab.contains($0) } == model.keys.sorted())
                #expect(graves.count == made - model.count)
            }
            // The slab takes the rest with it.
            #expect(graves.count == made)
        }
    }

    /// Places grow one by one while others are given back and taken again, as in a broker: the next table
    /// of addresses learns of both.
    @Test func whatChangesWhileItGrowsIsKnownAfterwards() {
        var random = SplitMix64(seed: 3)
        var slab = Slab<Int>()
        var model: [Int: Int] = [:]
        for step in 0..<5000 {
            model[slab.bound] = step
            slab.insert(step, at: slab.bound)
            for _ in 0..<4 {
                let place = random.upTo(slab.bound - 1)
                if let value = model.removeValue(forKey: place) {
                    let removed = slab.remove(place)
                    #expect(removed == value)
                } else {
                    model[place] = step
                    slab.insert(step, at: place)
                }
            }
        }
        for place in 0..<slab.bound {
            #expect(slab.contains(place) == (model[place] != nil))
            if let value = model[place] { #expect(slab[place] == value) }
        }
    }

    @Test func elementsStayWhereTheyAre() {
        var slab = Slab<Int>()
        let first = slab.insert(1)
        let address = slab.pointer(to: first)
        for value in 0..<5000 { _ = slab.insert(value) }
        #expect(slab.pointer(to: first) == address)
        slab[first] = 9
        #expect(address.pointee == 9)
    }

    @Test func whoReachesAFreePlaceIsStopped() async {
        await #expect(processExitsWith: .signal(SIGSEGV)) {
            var slab = Slab<Int>()
            slab.insert(1, at: 3)
            print(slab[2])
        }
        await #expect(processExitsWith: .signal(SIGSEGV)) {
            var slab = Slab<Int>()
            slab.insert(1, at: 3)
            _ = slab.remove(3)
            slab[3] = 2
        }
        await #expect(processExitsWith: .failure) {
            var slab = Slab<Int>()
            slab.insert(1, at: 3)
            _ = slab.remove(2)
        }
        await #expect(processExitsWith: .failure) {
            let slab = Slab<Int>()
            print(slab[0])
        }
    }

    @Test func whatIsNotTakenIsNotContained() {
        var slab = Slab<Int>()
        #expect(slab.bound == 0)
        for place in [-1, 0, 1, 1000] { #expect(slab.contains(place) == false) }
        slab.insert(7, at: 300)
        #expect(slab.bound == 301)
        #expect(slab.contains(300) == true)
        #expect(slab.contains(299) == false)
        #expect(slab.nextPlace < 300)
    }
}
