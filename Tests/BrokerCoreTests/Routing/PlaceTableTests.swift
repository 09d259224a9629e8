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
}
