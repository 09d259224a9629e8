// SPDX-License-Identifier: Apache-2.0
//
// Time: keep alive, patience with a silent server, and the waits between attempts.
import MQTT
import Testing

@testable import ClientCore

@Suite struct DeadlineTests {
    /// [MQTT-3.1.2-20]
    @Test func aQuietClientPings() {
        var talk = Conversation { $0.keepAlive = KeepAlive(seconds: 20) }
        _ = talk.connect()
        #expect(talk.session.deadline == talk.now + .seconds(15))
        talk.pass(.seconds(14))
        #expect(talk.deadlineReached().isEmpty)
        _ = talk.enqueue(message("1"))
        #expect(talk.session.deadline == talk.now + .seconds(15), "whoever speaks need not ping")
        talk.pass(.seconds(15))
        #expect(talk.deadlineReached() == [.ping])
        #expect(talk.session.deadline == talk.now + .seconds(10), "PINGRESP is owed")
        #expect(talk.received([0xD0, 0x00]).isEmpty)
        #expect(talk.session.deadline == talk.now + .seconds(15))
    }

    @Test func aServerWithoutPingrespIsGivenUp() {
        var talk = Conversation()
        _ = talk.connect()
        talk.pass(.seconds(30))
        _ = talk.deadlineReached()
        talk.pass(.seconds(10))
        #expect(
            talk.deadlineReached() == [.tell(.unanswered(.pingresp)), .close(flushing: false)])
        #expect(talk.session.deadline == nil)
        #expect(talk.deadlineReached().isEmpty)
    }

    @Test func aServerWithoutConnackIsGivenUp() {
        var talk = Conversation()
        _ = talk.opened()
        #expect(talk.session.deadline == talk.now + .seconds(10))
        talk.pass(.seconds(10))
        #expect(
            talk.deadlineReached() == [.tell(.unanswered(.connack)), .close(flushing: false)])
    }

    @Test func keepAliveZeroNeverPings() {
        var talk = Conversation()
        _ = talk.opened()
        _ = talk.accepted { $0.serverKeepAlive = 0 }
        #expect(talk.session.deadline == nil)
    }

    @Test func aPauseOutlivesTheConnection() {
        var talk = Conversation()
        _ = talk.connect()
        _ = talk.enqueue(message("1"))
        _ = talk.acknowledged(.pubrec, 1, .quotaExceeded)
        #expect(talk.reconnect().count == 1, "still too early")
        talk.pass(.seconds(5))
        #expect(talk.deadlineReached().last == publish(message("1"), 2))
    }
}

@Suite struct BackoffTests {
    @Test func eachFailureDoublesTheWaitUpToItsBound() {
        var random = SeededGenerator(seed: 1)
        var backoff = Backoff()
        var whole = Duration.milliseconds(250)
        for _ in 0..<20 {
            let wait = backoff.next(using: &random)
            #expect(wait >= whole / 2 && wait <= whole, "\(wait) of \(whole)")
            whole = min(whole * 2, .seconds(30))
        }
    }

    @Test func onlyAGoodConnectionStartsItAnew() {
        var random = SeededGenerator(seed: 1)
        var backoff = Backoff()
        for _ in 0..<8 { _ = backoff.next(using: &random) }
        backoff.connectionEnded(after: .seconds(9), hasServed: false)
        #expect(backoff.next(using: &random) >= .seconds(15))
        backoff.connectionEnded(after: .seconds(10), hasServed: false)
        #expect(backoff.next(using: &random) <= .milliseconds(250))
        for _ in 0..<8 { _ = backoff.next(using: &random) }
        backoff.connectionEnded(after: .milliseconds(1), hasServed: true)
        #expect(backoff.next(using: &random) <= .milliseconds(250))
    }

    @Test func theSeedRepeatsAndSpreads() {
        func waits(_ seed: UInt64) -> [Duration] {
            var random = SeededGenerator(seed: seed)
            var backoff = Backoff()
            return (0..<6).map { _ in backoff.next(using: &random) }
        }
        #expect(waits(7) == waits(7))
        #expect(Set((0..<100).map { waits($0)[3] }).count > 90)
    }
}
