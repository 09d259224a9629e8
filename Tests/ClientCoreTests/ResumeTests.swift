// SPDX-License-Identifier: Apache-2.0
//
// A connection ends and another begins: what is sent again, how, and in which order; and what
// becomes of it when the server has forgotten us.
import MQTT
import Testing

@testable import ClientCore

@Suite struct ResumeTests {
    /// 1 and 2 released, 3 and 4 published, 5 waiting.
    private func interrupted(_ inFlightMax: Int = 4) -> Conversation {
        var talk = Conversation { $0.inFlightMax = inFlightMax }
        _ = talk.connect()
        for index in 1...5 { _ = talk.enqueue(message("\(index)")) }
        _ = talk.acknowledged(.pubrec, 1)
        _ = talk.acknowledged(.pubrec, 2)
        return talk
    }

    /// [MQTT-4.4.0-1], [MQTT-3.3.1-1], [MQTT-4.6.0-1]: in order, with DUP, same identifiers.
    @Test func everythingOwedIsSentAgainInOrder() {
        var talk = interrupted()
        let effects = talk.reconnect()
        #expect(
            effects == [
                .tell(.connected(.v5, resumed: true, inFlight: 4)),
                .acknowledge(.pubrel, 1, .success), .acknowledge(.pubrel, 2, .success),
                publish(message("3"), 3, dup: true), publish(message("4"), 4, dup: true),
            ])
        #expect(
            talk.steps.map(\.text) == [
                "[3/4] send PUBREL   c          mid=1   repeated",
                "[3/4] send PUBREL   c          mid=2   repeated",
                "[1/4] send PUBLISH  c          mid=3 qos=2 DUP t 2 B  message=s/3",
                "[1/4] send PUBLISH  c          mid=4 qos=2 DUP t 2 B  message=s/4",
            ])
        #expect(
            talk.acknowledged(.pubcomp, 1) == [
                .record(.completed(1, .success, at: talk.now)), .record(.sent(number(5), 5)),
                publish(message("5"), 5),
            ])
    }

    /// A server that wants less than before gets the rest when places become free.
    @Test func resendsKeepWithinASmallerWindow() {
        var talk = interrupted()
        _ = talk.session.closed(at: talk.now)
        _ = talk.opened()
        let effects = talk.accepted(present: true) { $0.receiveMaximum = 3 }
        #expect(effects.last == publish(message("3"), 3, dup: true))
        #expect(
            talk.acknowledged(.pubcomp, 1) == [
                .record(.completed(1, .success, at: talk.now)), publish(message("4"), 4, dup: true),
            ])
        #expect(talk.acknowledged(.pubcomp, 2).count == 3, "then new ones again")
    }

    @Test func resendsAreRepeatedOnEveryConnection() {
        var talk = interrupted()
        let first = talk.reconnect()
        #expect(talk.reconnect() == first)
        _ = talk.acknowledged(.pubrec, 3)
        let effects = talk.reconnect()
        #expect(effects.contains(.acknowledge(.pubrel, 3, .success)))
        #expect(!effects.contains(publish(message("3"), 3, dup: true)), "[MQTT-4.3.3-6]")
    }

    /// What had no answer goes out as new; what had PUBREC is in doubt and told by name.
    @Test func aForgetfulServerGetsNewMessages() {
        var talk = interrupted()
        let effects = talk.reconnect(present: false)
        #expect(
            effects == [
                .tell(.connected(.v5, resumed: false, inFlight: 4)),
                .tell(.sessionLost(sentAgain: 2, inDoubt: ["s/1", "s/2"])),
                .record(.sessionLost), .forgetSession,
                .record(.sent(number(3), 5)), publish(message("3"), 5),
                .record(.sent(number(4), 6)), publish(message("4"), 6),
                .record(.sent(number(5), 7)), publish(message("5"), 7),
            ])
        #expect(talk.session.outbox.count == 3)
    }

    /// A server that has become smaller: the flow ends, and the window is not blocked for ever.
    @Test func aResendThatDoesNotFitAnyMoreIsDropped() {
        var talk = Conversation()
        _ = talk.connect()
        _ = talk.enqueue(message("1", size: 100))
        _ = talk.enqueue(message("2"))
        _ = talk.session.closed(at: talk.now)
        _ = talk.opened()
        let effects = talk.accepted(present: true) { $0.maximumPacketSize = 80 }
        #expect(
            effects.dropFirst() == [
                .record(.completed(1, .packetTooLarge, at: talk.now)),
                .tell(.dropped("s/1", .tooLarge)),
                publish(message("2"), 2, dup: true),
            ])
    }

    /// An outbox from a journal: this process has sent nothing yet, but the one before has.
    @Test func aNewProcessGoesOnFromItsOutbox() {
        var outbox = Outbox()
        outbox.apply(.enqueued(number(1), message("1")))
        outbox.apply(.sent(number(1), 40))
        outbox.apply(.enqueued(number(2), message("2")))
        var talk = Conversation(outbox: outbox, knowsSession: true)
        #expect(talk.opened() == [.connect(cleanStart: false)])
        #expect(
            talk.accepted(present: true).dropFirst() == [
                publish(message("1"), 40, dup: true),
                .record(.sent(number(2), 41)), publish(message("2"), 41),
            ])
    }

    @Test func howLongAConnectionWasOfUse() {
        var talk = Conversation()
        _ = talk.opened()
        talk.pass(.seconds(3))
        #expect(talk.session.closed(at: talk.now) == nil, "no CONNACK, no use")
        _ = talk.connect()
        talk.pass(.seconds(7))
        #expect(talk.session.closed(at: talk.now) == .seconds(7))
    }
}
