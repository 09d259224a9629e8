// SPDX-License-Identifier: Apache-2.0
//
// What an unfinished packet needs: room for what comes, in few steps, and no more than it is worth.

import Testing

@testable import Reactor

@Suite struct TailTests {
    /// Each step copies what has come, so that the others wait for it.
    @Test func aPacketWhoseSizeIsKnownGrowsInFewSteps() {
        let whole = 100_000_000
        var tail = Tail.empty
        [UInt8](repeating: 7, count: 20_000).withUnsafeBytes { tail.keep($0) }
        var capacities = [tail.capacity]
        var copiedLate = 0
        while tail.count < whole {
            let room = tail.room(atLeast: min(16_384, whole - tail.count), of: whole)
            if tail.capacity != capacities.last {
                #expect(tail.capacity <= 8 * capacities.last! || tail.capacity == whole)
                capacities.append(tail.capacity)
                if tail.count > 1 << 20 { copiedLate += 1 }
            }
            tail.extend(by: min(room.count, 65_536, whole - tail.count))
        }
        #expect(capacities.count <= 5 && copiedLate == 0)
        #expect(tail.capacity == whole)
        #expect(tail.bytes.prefix(20_000).allSatisfy { $0 == 7 })
        tail.release()
    }

    @Test func withoutASizeItDoubles() {
        var tail = Tail.empty
        [UInt8](repeating: 7, count: 20_000).withUnsafeBytes { tail.keep($0) }
        tail.extend(by: tail.room(atLeast: 1).count)
        let before = tail.capacity
        #expect(tail.room(atLeast: 1).count == before)
        #expect(tail.capacity == 2 * before)
        tail.release()
    }
}
