// SPDX-License-Identifier: Apache-2.0
//
// The heap of deadlines against a dictionary that does the same slowly.

import Testing

@testable import Reactor

@Suite struct DeadlinesTests {
    @Test func agreesWithADictionary() {
        for seed in 0..<40 as Range<UInt64> {
            var numbers = Numbers(seed)
            var deadlines = Deadlines()
            var model: [Int: Int64] = [:]
            var now: Int64 = 0
            for _ in 0..<2000 {
                let key = Int.random(in: 0..<60, using: &numbers)
                switch Int.random(in: 0..<10, using: &numbers) {
                case 0..<5:
                    let time = now + Int64.random(in: -5..<100, using: &numbers)
                    deadlines.set(key, at: time)
                    model[key] = time
                case 5..<8:
                    deadlines.cancel(key)
                    model[key] = nil
                default:
                    now += Int64.random(in: 0..<20, using: &numbers)
                    while let due = deadlines.popDue(at: now) {
                        let earliest = model.values.min()
                        #expect(model[due] == earliest)
                        #expect(model.removeValue(forKey: due)! <= now)
                    }
                    #expect(model.values.allSatisfy { $0 > now })
                }
                #expect(deadlines.count == model.count)
                #expect(deadlines.earliest == model.values.min() ?? .max)
                #expect(deadlines.time(of: key) == model[key])
            }
        }
    }

    @Test func growsToAHundredThousand() {
        var deadlines = Deadlines()
        for key in 0..<100_000 { deadlines.set(key, at: Int64((key * 7919) % 100_003)) }
        var last: Int64 = -1
        var popped = 0
        while case let time = deadlines.earliest, deadlines.popDue(at: .max) != nil {
            #expect(time >= last)
            last = time
            popped += 1
        }
        #expect(popped == 100_000)
    }

    @Test func loopReachesThemInOrderAndNeverEarly() throws {
        let recorder = Recorder(try EventLoop(handlesSignals: false))
        let loop = recorder.loop
        loop.readClock()
        let start = loop.now
        loop.setDeadline(1, at: start + .milliseconds(8))
        loop.setDeadline(2, at: start + .milliseconds(4))
        loop.setDeadline(3, at: start + .milliseconds(6))
        loop.setDeadline(4, at: start + .milliseconds(5))
        loop.setDeadline(3, at: start + .milliseconds(2))
        loop.setDeadline(4, at: nil)
        loop.setDeadline(5, at: start - .seconds(1))
        while recorder.heard.count < 4 { loop.turn() }
        #expect(recorder.heard == [.deadline(5), .deadline(3), .deadline(2), .deadline(1)])
        #expect(loop.now >= start + .milliseconds(8))
        // One wait for each, not a spin.
        #expect(loop.statistics.turns <= 6)
    }
}
