// SPDX-License-Identifier: Apache-2.0
// The same seed makes the same world: `Set` and `Dictionary` iterate in another order in each table,
// and a clock or a generator of somebody else would show here too.

enum Determinism {
    static let name = "determinism"

    /// A seed, run; and run once more if it passed. The failure is the first run's or its own.
    static func run(_ seed: UInt64, bug: PlantedBug? = nil, only: Set<String>? = nil) -> World {
        let first = World(seed: seed, bug: bug, only: only)
        first.run()
        guard first.failure == nil, only?.contains(name) ?? true else { return first }
        let second = World(seed: seed, bug: bug, only: only)
        second.run()
        if first.trace.hash != second.trace.hash {
            first.fail(
                name, "\(first.trace.count) events the first time, \(second.trace.count) the second"
            )
        }
        return first
    }
}
