// SPDX-License-Identifier: Apache-2.0
//
// No work of a turn keeps the others waiting for long, however much of it there is.

import Testing

@testable import Reactor

@Suite struct TurnBudgetTests {
    @Test func theClockIsLookedAtNowAndThen() {
        var looks = 0
        var now: Int64 = 0
        func clock() -> Int64 {
            looks += 1
            return now
        }
        var budget = TurnBudget(from: 0)
        var answers = (0..<64).map { _ in budget.isSpent(4096, clock: clock) }
        #expect(!answers.contains(true))
        #expect(looks == 4)
        now = TurnBudget.nanoseconds - 1
        answers = [budget.isSpent(65_536, clock: clock)]
        now += 1
        answers += [65_535, 1].map { budget.isSpent($0, clock: clock) }
        #expect(answers == [false, false, true])
    }

    /// Without a beginning it counts from the first question.
    @Test func itMayBeginWhenItIsAsked() {
        var now: Int64 = 1 << 40
        var budget = TurnBudget()
        #expect(!budget.isSpent(1) { now })
        func isSpent() -> Bool { budget.isSpent(65_536) { now } }
        now += TurnBudget.nanoseconds - 1
        #expect(!isSpent())
        now += 1
        #expect(isSpent())
    }

    private func spin(_ time: Duration) {
        let end = monotonicNanoseconds() + time.nanoseconds
        while monotonicNanoseconds() < end {}
    }

    /// A million sessions that expire at one time let others in between.
    @Test func deadlinesThatAreDueTogetherAreSpreadOverTurns() throws {
        let (recorder, socket, _) = try connected()
        let loop = recorder.loop
        var reached: [Int] = []
        var servedBehind: Int?
        recorder.onDeadline = { key in
            spin(.microseconds(500))
            reached.append(key)
            if reached.count == 1 { socket.send(framed([1])) }
        }
        recorder.onPacket = { _ in servedBehind = reached.count }
        loop.readClock()
        for key in 0..<100 { loop.setDeadline(key, at: loop.now) }
        let turns = loop.statistics.turns
        while reached.count < 100 { loop.turn() }
        #expect(reached.sorted() == Array(0..<100))
        // 50 ms in turns of 2.5 and one deadline more.
        #expect(loop.statistics.turns - turns >= 100 / 6)
        #expect(servedBehind ?? 100 <= 12, "who speaks meanwhile is heard in the next turn")
    }

    /// Each is heard once before anybody is heard again, though all speak without end.
    @Test func manyThatSpeakAtOneTimeAreHeardInTurn() throws {
        let (recorder, port) = try listening()
        let sockets = try (0..<40).map { _ in try Socket(connectedTo: port) }
        recorder.drive("all open", until: { recorder.heard.count == sockets.count })
        var order: [Int] = []
        recorder.onReceived = { bytes, connection in
            spin(.milliseconds(1))
            order.append(connection)
            return bytes.count
        }
        let loop = recorder.loop
        for socket in sockets { socket.send([1]) }
        let turns = loop.statistics.turns
        while order.count < 3 * sockets.count {
            loop.turn()
            for socket in sockets { socket.send([1]) }
        }
        for round in 0..<3 {
            let heard = order[round * sockets.count..<(round + 1) * sockets.count]
            #expect(Set(heard).count == sockets.count)
        }
        #expect(loop.statistics.turns - turns >= 3 * sockets.count / 8)
    }

    /// A read that took all the time is the last of its turn, though more is there.
    @Test func whoBringsMuchWorkIsNotReadToTheEnd() throws {
        let (recorder, socket, _) = try connected()
        var consumed = 0
        var reads: [Int: Int] = [:]
        let loop = recorder.loop
        recorder.onReceived = { bytes, _ in
            spin(.milliseconds(3))
            consumed += bytes.count
            reads[loop.statistics.turns, default: 0] += 1
            return bytes.count
        }
        var sent = 0
        while sent < 200_000 { sent += socket.send([UInt8](repeating: 1, count: 200_000 - sent)) }
        recorder.drive("all is read", until: { consumed == sent })
        #expect(reads.values.allSatisfy { $0 == 1 })
    }

    /// One that was closed meanwhile is not heard, though the kernel told of it before.
    @Test func whatIsLeftOfAWaitMayHaveEnded() throws {
        let (recorder, port) = try listening()
        let sockets = try (0..<20).map { _ in try Socket(connectedTo: port) }
        recorder.drive("all open", until: { recorder.heard.count == sockets.count })
        var heard: [Int] = []
        recorder.onReceived = { bytes, connection in
            spin(.milliseconds(3))
            heard.append(connection)
            return bytes.count
        }
        for socket in sockets { socket.send([1]) }
        recorder.loop.turn()
        let rest = (0..<sockets.count).filter { !heard.contains($0) }
        #expect(rest.count >= 12)
        for connection in rest { recorder.loop.close(connection) }
        recorder.drive("they end", until: { recorder.closings.count == rest.count })
        #expect(recorder.loop.statistics.staleEvents == rest.count)
        #expect(heard.count == sockets.count - rest.count)
    }

    /// What has to wait for the next turn is written in it, and in its order.
    @Test func writesAreSpreadOverTurns() throws {
        let (recorder, port) = try listening()
        let sockets = try (0..<64).map { _ in try Socket(connectedTo: port) }
        recorder.drive("all open", until: { recorder.heard.count == sockets.count })
        recorder.onGather = { spin(.microseconds(500)) }
        for connection in sockets.indices { recorder.send([7], on: connection) }
        let turns = recorder.loop.statistics.turns
        recorder.drive(
            "all is written", until: { recorder.output.values.allSatisfy { $0.isEmpty } })
        #expect(recorder.loop.statistics.turns - turns >= 3)
        for socket in sockets {
            socket.take()
            #expect(socket.received == [7])
        }
    }
}
