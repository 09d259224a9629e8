// SPDX-License-Identifier: Apache-2.0
// How much may wait for one receiver. What waits for all of them is bounded too, and the less of that is
// left, the less one may have: those who never read, however many they are, come to rest while there is
// something left, and a sound receiver that has to wait for a moment gets as much as each of them.

struct OutputShare {
    /// So small a part of what is for one is granted whatever waits for others.
    private static let leastPart = 256
    /// An output with less in it is not counted: most is written before anybody looks.
    static let counted = 16 << 10

    /// Bytes that may wait in one output before its receiver counts as too slow.
    private(set) var bytes: Int
    /// Bytes that wait in the outputs that are counted, of all and of each.
    private(set) var taken = 0
    private var waiting: ContiguousArray<UInt32> = []

    init(_ limits: borrowing Limits) {
        bytes = limits.outputBytesMax
    }

    /// So much waits in the output at `place`. True if that counts.
    mutating func count(_ bytes: Int, at place: Int) -> Bool {
        while waiting.count <= place { waiting.append(0) }
        let counts = bytes >= Self.counted
        let new = counts ? UInt32(clamping: bytes) : 0
        taken += Int(new) - Int(waiting[place])
        waiting[place] = new
        return counts
    }

    /// `each` is for one as long as nothing waits, `all` for all of them.
    @inline(__always)
    mutating func settle(each: Int, all: Int) {
        bytes = taken == 0 ? each : part(of: each, all)
    }

    @inline(never)
    private func part(of each: Int, _ all: Int) -> Int {
        let left = Double(max(all - taken, 0)) / Double(max(all, 1))
        return max(Int(Double(each) * left), each / Self.leastPart)
    }
}
