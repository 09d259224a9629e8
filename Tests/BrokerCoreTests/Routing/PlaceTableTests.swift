// SPDX-License-Identifier: Apache-2.0
// The table of places against a dictionary, with hashes that collide more than any real ones.
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct PlaceTableTests {
    @Test(arguments: [3, 40, 1000] as [UInt32])
    func itIsADictionary(_ hashes: UInt32) {
        var random = SplitMix64(seed: UInt64(hashes))
        var table = PlaceTable()
        /// By name, which is here the place itself.
        var model: [Int: UInt32] = [:]
        for _ in 0..<20_000 {
            let place = random.upTo(499)
            let hash = UInt32(place) &* 2_654_435_761 % hashes
            #expect(table.find(hash) { $0 == place } == (model[place] == nil ? nil : place))
            if model.removeValue(forKey: place) != nil {
                table.remove(place, hash)
            } else {
                table.insert(place, hash)
                model[place] = hash
            }
        }
        for (place, hash) in model {
            #expect(table.find(hash) { $0 == place } == place)
            table.remove(place, hash)
        }
        for hash in 0..<hashes { #expect(table.find(hash) { _ in true } == nil) }
    }

    /// However many there are, one more moves no more than a part of them.
    @Test func itGrowsInParts() {
        var table = PlaceTable()
        for place in 0..<200_000 { table.insert(place, Self.hash(of: place)) }
        #expect(table.largestPart == 256)
        for place in stride(from: 0, to: 200_000, by: 2) {
            table.remove(place, Self.hash(of: place))
        }
        var isRight = true
        for place in 0..<200_000 {
            let found = table.find(Self.hash(of: place)) { $0 == place }
            if found != (place % 2 == 0 ? nil : place) { isRight = false }
        }
        #expect(isRight)
    }

    /// As if strangers had chosen them: all in one part.
    @Test func whatHasOneHashIsFoundToo() {
        var table = PlaceTable()
        for place in 0..<1000 { table.insert(place, 7) }
        for place in 0..<1000 { #expect(table.find(7) { $0 == place } == place) }
        #expect(table.largestPart == 2048)
    }

    private static func hash(of place: Int) -> UInt32 {
        withUnsafeBytes(of: place) { bytes in
            UInt32(truncatingIfNeeded: hashOfBytes(Array(bytes).span, seed: 1))
        }
    }
}
