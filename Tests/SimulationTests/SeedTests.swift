// SPDX-License-Identifier: Apache-2.0
// Seeds that once failed, and one that nobody has seen yet. The many are run by the ring `sim`.
import Foundation
import Testing

@testable import qos2_simulator

@Suite struct SeedTests {
    static let kept: [UInt64] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Seeds.txt")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").compactMap { UInt64($0) }
    }()

    @Test func seedsThatFailedOncePass() {
        #expect(Self.kept.count >= 10)
        for seed in Self.kept {
            let world = Determinism.run(seed)
            #expect(world.failure == nil, "seed \(seed): \(String(describing: world.failure))")
        }
    }

    @Test func aFreshSeedPasses() {
        let seed = UInt64.random(in: 1_000_000 ... .max)
        let world = Determinism.run(seed)
        #expect(world.failure == nil, "seed \(seed): \(String(describing: world.failure))")
        #expect(world.trace.count > 50)
    }

    /// What misfortune a few hundred worlds hold, so that passing means something.
    @Test func worldsAreFullOfMisfortune() {
        var deaths = 0
        var cuts = 0
        var rows = 0
        for seed in 1...30 as ClosedRange<UInt64> {
            let world = World(seed: seed)
            world.tell = { line in
                if line.contains(" died ") { deaths += 1 }
                if line.contains(" cut ") { cuts += 1 }
                if line.contains(" row ") { rows += 1 }
            }
            world.run()
        }
        #expect(deaths > 100)
        #expect(cuts > 50)
        #expect(rows > 500)
    }
}
