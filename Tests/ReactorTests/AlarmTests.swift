// SPDX-License-Identifier: Apache-2.0
//
// The timer that stays set through many waits: nobody is woken too late by it, and who is woken too
// early hears nothing.

import Testing

@testable import Reactor

@Suite struct AlarmTests {
    @Test func itRingsAtTheEarliestTimeThatWasAskedFor() throws {
        var alarm = try Alarm()
        let now = monotonicNanoseconds()
        alarm.ring(by: now + 60_000_000_000)
        alarm.ring(by: now + 90_000_000_000)
        #expect(alarm.due == now + 60_000_000_000)
        alarm.ring(by: now + 30_000_000_000)
        #expect(alarm.due == now + 30_000_000_000)
        alarm.rang()
        #expect(alarm.due == .max)
        alarm.ring(by: now + 90_000_000_000)
        #expect(alarm.due == now + 90_000_000_000)
    }

    /// With an end of the wait's own below this distance, with the alarm from it on.
    @Test(arguments: [Duration.milliseconds(1), .milliseconds(20)])
    func aDeadlineIsReachedWhenItIsDue(distance: Duration) throws {
        let recorder = Recorder(try EventLoop(handlesSignals: false))
        let loop = recorder.loop
        for _ in 0..<3 {
            loop.readClock()
            let due = loop.now + distance
            loop.setDeadline(5, at: due)
            let turns = loop.statistics.turns
            while recorder.heard.isEmpty { loop.turn() }
            #expect(recorder.heard == [.deadline(5)])
            #expect(loop.now >= due)
            #expect(loop.statistics.turns - turns <= 2, "it spins")
            recorder.heard = []
        }
    }

    @Test func aDeadlineThatComesNearerIsReachedThen() throws {
        let recorder = Recorder(try EventLoop(handlesSignals: false))
        let loop = recorder.loop
        let wakeup = try loop.addWakeup(tag: 1)
        loop.setDeadline(5, at: loop.now + .seconds(3600))
        wakeup.signal()
        loop.turn()
        wakeup.signal()
        loop.turn()
        #expect(recorder.heard == [.woken(1), .woken(1)])
        loop.readClock()
        loop.setDeadline(5, at: loop.now + .milliseconds(10))
        while recorder.heard.count < 3 { loop.turn() }
        #expect(recorder.heard.last == .deadline(5))
    }

    /// The alarm stays where the first deadline was; that costs a turn.
    @Test func aDeadlineThatGoesFartherIsReachedThen() throws {
        let recorder = Recorder(try EventLoop(handlesSignals: false))
        let loop = recorder.loop
        let wakeup = try loop.addWakeup(tag: 1)
        loop.readClock()
        let first = loop.now + .milliseconds(20)
        loop.setDeadline(5, at: first)
        wakeup.signal()
        loop.turn()
        wakeup.signal()
        loop.turn()
        loop.setDeadline(5, at: first + .milliseconds(40))
        recorder.heard = []
        loop.turn()
        #expect(loop.now >= first && recorder.heard.isEmpty)
        while recorder.heard.isEmpty { loop.turn() }
        #expect(recorder.heard == [.deadline(5)])
        #expect(loop.now >= first + .milliseconds(40))
    }
}
