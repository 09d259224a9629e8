// SPDX-License-Identifier: Apache-2.0
// The one generator of a world, asked in the words of the simulation.
import ClientCore

extension SeededGenerator {
    mutating func chance(oneIn count: Int) -> Bool { upTo(count - 1) == 0 }

    /// From 0 on, `maximum` included.
    mutating func upTo(_ maximum: Int) -> Int { Int.random(in: 0...maximum, using: &self) }

    mutating func pick<T>(_ choices: [T]) -> T { choices[upTo(choices.count - 1)] }

    /// Most often near the shorter end: what is usual is quick, and now and then something is not.
    mutating func delay(_ shortest: Int64, _ longest: Int64) -> Duration {
        let whole = longest - shortest
        let reach = chance(oneIn: 8) ? whole : whole / 16
        return .microseconds(shortest + Int64.random(in: 0...max(reach, 1), using: &self))
    }
}
