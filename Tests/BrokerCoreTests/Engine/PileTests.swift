// SPDX-License-Identifier: Apache-2.0
// A list with one owner: its order, and that it lets go of what leaves it.
import Testing

@testable import BrokerCore

@Suite struct PileTests {
    @Test func elementsStayInOrderAndMayBeReplaced() {
        var pile = Pile<Int>()
        for number in 0..<40 { pile.append(number) }
        pile[3] = 99
        let last = pile.removeLast()
        #expect(last == 39)
        pile.keep(first: 5)
        let left = pile.indices.map { pile[$0] }
        #expect(left == [0, 1, 2, 99, 4])
        pile.keep(first: 0)
        let isEmpty = pile.isEmpty
        #expect(isEmpty)
    }

    @Test func whatLeavesIsLetGo() {
        var pile = Pile<Thing>()
        weak var kept: Thing?
        weak var dropped: Thing?
        do {
            let things = (0..<3).map(Thing.init)
            (kept, dropped) = (things[0], things[2])
            for thing in things { pile.append(thing) }
        }
        #expect(dropped != nil)
        pile.keep(first: 2)
        #expect(dropped == nil && kept != nil)
        let number = pile.removeLast().number
        #expect(number == 1)
        pile.removeAll()
        #expect(kept == nil)
    }
}
