// SPDX-License-Identifier: Apache-2.0
// Takes and gives back blocks of all sizes at random, and looks whether each keeps its bytes.
import Testing

@testable import BrokerCore

func exercise(_ pool: inout BlockPool, seed: UInt64, steps: Int, sizes: [Int], takenMax: Int) {
    var random = SplitMix64(seed: seed)
    var taken: [(block: BlockPool.Block, size: Int, mark: UInt8)] = []
    for step in 0..<steps {
        if taken.isEmpty || random.chance(oneIn: 2), taken.count < takenMax {
            let size = random.pick(sizes)
            let mark = UInt8(truncatingIfNeeded: step)
            let block = pool.take(size)
            block.base.initializeMemory(as: UInt8.self, repeating: mark, count: size)
            taken.append((block, size, mark))
        } else {
            let (block, size, mark) = taken.remove(at: random.upTo(taken.count - 1))
            let memory = UnsafeRawBufferPointer(start: block.base, count: size)
            let isWhole = memory.allSatisfy { $0 == mark }
            #expect(isWhole)
            pool.give(back: block)
        }
        #expect(pool.blocksInUse == taken.count)
    }
    for (block, _, _) in taken { pool.give(back: block) }
    #expect(pool.blocksInUse == 0)
}
