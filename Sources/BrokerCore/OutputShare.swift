// SPDX-License-Identifier: Apache-2.0
// How much may wait for one receiver. The memory of all outputs is bounded too, and the less of that is
// left, the less one may have: those who never read, however many they are, come to rest while there is
// something left, and a sound receiver that has to wait for a moment gets as much as each of them.

struct OutputShare {
    /// Granted to everybody, whatever others have; and an output with less memory is not counted.
    static let least = 16 << 10

    /// Bytes that may wait in one output before its receiver counts as too slow.
    private(set) var bytes: Int
    /// Memory of the outputs that are counted, of all and of each.
    private(set) var taken = 0
    private var memory: ContiguousArray<UInt32> = []

    init(_ limits: borrowing Limits) {
        bytes = limits.outputBytesMax
    }

    /// The output at `place` has so much memory now. True if that counts.
    mutating func count(_ bytes: Int, at place: Int) -> Bool {
        while memory.count <= place { memory.append(0) }
        let counts = bytes >= Self.least
        let new = counts ? UInt32(clamping: bytes) : 0
        taken += Int(new) - Int(memory[place])
        memory[place] = new
        return counts
    }

    /// `each` is for one as long as others have nothing, `all` for all of them.
    @inline(__always)
    mutating func settle(each: Int, all: Int) {
        bytes = taken == 0 ? each : part(of: each, all)
    }

    @inline(never)
    private func part(of each: Int, _ all: Int) -> Int {
        let left = Double(max(all - taken, 0)) / Double(max(all, 1))
        return max(Int(Double(each) * left), min(each, Self.least))
    }
}
