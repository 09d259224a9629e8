// SPDX-License-Identifier: Apache-2.0
//
// What has arrived of one numbered stream: whether each number came, once, and in its place.

struct SequenceCheck {
    private(set) var received = 0
    private(set) var doubled = 0
    /// Came after a later one.
    private(set) var reordered = 0
    private var next: UInt64 = 0
    /// Left out so far, in ascending order.
    private var gaps: [Range<UInt64>] = []

    /// Numbers that have arrived, each counted once.
    var distinct: Int { received - doubled }

    @inline(__always)
    mutating func arrived(_ sequence: UInt64) {
        received += 1
        if sequence == next {
            next += 1
        } else {
            arrivedOutOfPlace(sequence)
        }
    }

    private mutating func arrivedOutOfPlace(_ sequence: UInt64) {
        if sequence > next {
            gaps.append(next..<sequence)
            next = sequence + 1
        } else if let index = gaps.firstIndex(where: { $0.contains(sequence) }) {
            reordered += 1
            let gap = gaps[index]
            let rest = [gap.lowerBound..<sequence, (sequence + 1)..<gap.upperBound]
            gaps.replaceSubrange(index...index, with: rest.filter { !$0.isEmpty })
        } else {
            doubled += 1
        }
    }

    /// How many of the first `sent` numbers never came.
    func lost(of sent: Int) -> Int {
        gaps.reduce(0) { $0 + $1.count } + max(0, sent - Int(next))
    }
}
