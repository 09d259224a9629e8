// SPDX-License-Identifier: Apache-2.0
// The seeded generator behind all random tests here: the same seed makes the same conversation.
import MQTT

struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func chance(oneIn count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

    mutating func upTo(_ maximum: Int) -> Int { Int.random(in: 0...maximum, using: &self) }

    mutating func maybe<T>(_ make: (inout SplitMix64) -> T) -> T? {
        chance(oneIn: 2) ? make(&self) : nil
    }

    mutating func pick<T>(_ choices: [T]) -> T { choices.randomElement(using: &self)! }

    /// A valid topic name of one to four levels, or a filter where there are wildcards among the words.
    mutating func path(of words: [String]) -> [UInt8] {
        while true {
            let levels = (0...upTo(3)).map { _ in pick(words) }
            let text = Array(levels.joined(separator: "/").utf8)
            if (try? TopicFilter(text.span, text.indices, sharing: false)) != nil { return text }
        }
    }

    mutating func bytes(upTo maximum: Int) -> [UInt8] {
        (0..<upTo(maximum)).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}
