// SPDX-License-Identifier: Apache-2.0
//
// Lost, doubled and reordered, told apart; and against a model that keeps everything.
import Testing

@testable import qos2_bench

@Suite struct SequenceCheckTests {
    private func check(_ numbers: UInt64...) -> SequenceCheck {
        var check = SequenceCheck()
        numbers.forEach { check.arrived($0) }
        return check
    }

    @Test func allInOrderIsAllThereIs() {
        let check = check(0, 1, 2, 3)
        #expect((check.received, check.distinct) == (4, 4))
        #expect((check.doubled, check.reordered, check.lost(of: 4)) == (0, 0, 0))
    }

    @Test func aGapIsLost() {
        #expect(check(0, 1, 4).lost(of: 5) == 2)
    }

    @Test func anEndThatIsMissingIsLost() {
        #expect(check(0, 1).lost(of: 5) == 3)
    }

    @Test func theSameAgainIsDoubled() {
        let check = check(0, 1, 1, 0)
        #expect((check.doubled, check.reordered, check.lost(of: 2)) == (2, 0, 0))
    }

    @Test func aLateOneIsReorderedAndNotLost() {
        let check = check(0, 2, 3, 1)
        #expect((check.doubled, check.reordered, check.lost(of: 4)) == (0, 1, 0))
    }

    @Test func aLateOneTwiceIsAlsoDoubled() {
        let check = check(0, 2, 1, 1)
        #expect((check.doubled, check.reordered, check.lost(of: 3)) == (1, 1, 0))
    }

    @Test func anyOrderAgreesWithAModel() {
        for _ in 0..<500 {
            let numbers = (0..<40).map { _ in UInt64.random(in: 0..<30) }
            var check = SequenceCheck()
            var seen: Set<UInt64> = []
            var doubled = 0
            var reordered = 0
            for number in numbers {
                check.arrived(number)
                let highest = seen.max()
                if !seen.insert(number).inserted {
                    doubled += 1
                } else if let highest, number < highest {
                    reordered += 1
                }
            }
            #expect(check.doubled == doubled && check.reordered == reordered)
            #expect(check.lost(of: 30) == 30 - seen.count)
            #expect(check.distinct == seen.count)
        }
    }
}
