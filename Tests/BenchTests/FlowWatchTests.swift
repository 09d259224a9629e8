// SPDX-License-Identifier: Apache-2.0
//
// The watch over a flow: silent while the rules are kept, through any number of connections, and
// loud for each rule that is broken.
import Testing

@testable import qos2_bench

@Suite struct FlowWatchTests {
    private static let first: [UInt8] = [1]
    private static let second: [UInt8] = [2]

    /// On its first connection.
    private func flow() -> FlowWatch {
        var flow = FlowWatch()
        flow.connectionOpened()
        return flow
    }

    @Test func aHandshakeIsFine() {
        var flow = flow()
        for _ in 0..<3 {
            flow.published(1, Self.first, isDuplicate: false)
            flow.receiptCame(1, isError: false)
            flow.released(1)
            flow.completionCame(1)
        }
        #expect(flow.breaches.isEmpty && flow.repeats == 0)
    }

    @Test func whatIsOwedIsSentAgain() {
        var flow = flow()
        flow.published(1, Self.first, isDuplicate: false)
        flow.published(2, Self.second, isDuplicate: false)
        flow.connectionOpened()
        flow.published(1, Self.first, isDuplicate: true)
        flow.published(2, Self.second, isDuplicate: true)
        flow.receiptCame(1, isError: false)
        flow.released(1)
        flow.connectionOpened()
        flow.released(1)
        flow.published(2, Self.second, isDuplicate: true)
        flow.completionCame(1)
        flow.published(1, [3], isDuplicate: false)
        #expect(flow.breaches.isEmpty && flow.repeats == 4)
    }

    @Test func aReceiptThatWasLostBringsThePublishAgain() {
        var flow = flow()
        flow.published(1, Self.first, isDuplicate: false)
        flow.receiptCame(1, isError: false)
        flow.connectionOpened()
        flow.published(1, Self.first, isDuplicate: true)
        flow.receiptCame(1, isError: false)
        flow.released(1)
        #expect(flow.breaches.isEmpty)
    }

    @Test func aRepeatNeedsDUP() {
        var flow = flow()
        flow.published(1, Self.first, isDuplicate: false)
        flow.connectionOpened()
        flow.published(1, Self.first, isDuplicate: false)
        #expect(flow.breaches == ["PUBLISH 1 again without DUP"])
    }

    @Test func aRepeatOnTheSameConnectionIsNone() {
        var flow = flow()
        flow.published(1, Self.first, isDuplicate: false)
        flow.published(1, Self.first, isDuplicate: true)
        #expect(flow.breaches == ["PUBLISH 1 twice on one connection"])
    }

    @Test func anOpenIdentifierIsTaken() {
        var flow = flow()
        flow.published(1, Self.first, isDuplicate: false)
        flow.connectionOpened()
        flow.published(1, Self.second, isDuplicate: true)
        #expect(
            flow.breaches == ["identifier 1 was given to another message while it is open"])
    }

    @Test func anOwedReleaseStaysOne() {
        var flow = flow()
        flow.published(1, Self.first, isDuplicate: false)
        flow.receiptCame(1, isError: false)
        flow.released(1)
        flow.connectionOpened()
        flow.published(1, Self.first, isDuplicate: true)
        #expect(flow.breaches == ["PUBLISH 1 although its PUBREL was sent"])
    }

    @Test func aReleaseNeedsAReceipt() {
        var flow = flow()
        flow.published(1, Self.first, isDuplicate: false)
        flow.released(1)
        #expect(flow.breaches == ["PUBREL 1 before its PUBREC"])
    }

    @Test func theOrderIsTheOriginalOne() {
        var flow = flow()
        flow.published(1, Self.first, isDuplicate: false)
        flow.published(2, Self.second, isDuplicate: false)
        flow.connectionOpened()
        flow.published(2, Self.second, isDuplicate: true)
        flow.published(1, Self.first, isDuplicate: true)
        #expect(flow.breaches == ["PUBLISH 1 again, but behind a later one"])
    }

    @Test func nothingNewGoesBeforeARepeat() {
        var flow = flow()
        flow.published(1, Self.first, isDuplicate: false)
        flow.connectionOpened()
        flow.published(2, Self.second, isDuplicate: false)
        #expect(flow.breaches == ["PUBLISH 2 goes before the repeat of 1"])
    }

    @Test func receiveMaximumBindsEachConnection() {
        var flow = flow()
        flow.receiveMaximum = 1
        flow.published(1, Self.first, isDuplicate: false)
        flow.receiptCame(1, isError: true)
        flow.published(2, Self.second, isDuplicate: false)
        #expect(flow.breaches.isEmpty)
        flow.published(3, [3], isDuplicate: false)
        #expect(flow.breaches == ["PUBLISH 3 is number 2 at once of 1"])
    }

    @Test func answersAnswerSomething() {
        var flow = flow()
        flow.receiptCame(1, isError: false)
        flow.completionCame(2)
        #expect(flow.breaches == ["PUBREC 1 answers nothing", "PUBCOMP 2 answers nothing"])
    }

    @Test func aSessionThatBeganKnowsNothing() {
        var flow = flow()
        flow.published(1, Self.first, isDuplicate: false)
        flow.connectionOpened()
        flow.sessionBegan()
        flow.published(1, Self.second, isDuplicate: false)
        #expect(flow.breaches.isEmpty)
    }
}
