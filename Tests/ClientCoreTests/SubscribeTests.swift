// SPDX-License-Identifier: Apache-2.0
//
// SUBSCRIBE: when it is sent, and what each answer leads to.
import MQTT
import Testing

@testable import ClientCore

@Suite struct SubscribeTests {
    private func subscriber() -> Conversation {
        Conversation(knowsSession: true) {
            let options = SubscriptionOptions(maximumQoS: .exactlyOnce)
            $0.subscriptions = [.init("a", options), .init("b/#", options)]
        }
    }

    private func suback(_ reasons: [ReasonCode]) -> SubackEncoder {
        SubackEncoder(.v5, 65_535, reasons)
    }

    /// The first connection subscribes even in a session that goes on: the configuration may be new.
    @Test func theFirstConnectionSubscribes() {
        var talk = subscriber()
        #expect(talk.connect(present: true).last == .subscribe(65_535, [0, 1]))
        #expect(
            talk.received(suback([.grantedQoS2, .grantedQoS1])) == [
                .tell(.subscribed("a", .exactlyOnce)), .tell(.subscribed("b/#", .atLeastOnce)),
            ])
        #expect(talk.reconnect(present: true).count == 1, "the session has the subscriptions")
        #expect(talk.reconnect(present: false).last == .subscribe(65_535, [0, 1]))
    }

    @Test func anUnansweredSubscribeIsSentAgainOnTheNextConnection() {
        var talk = subscriber()
        _ = talk.connect(present: true)
        #expect(talk.reconnect(present: true).last == .subscribe(65_535, [0, 1]))
    }

    @Test func whatIsRefusedIsAskedForAgain() {
        var talk = subscriber()
        _ = talk.connect(present: true)
        #expect(
            talk.received(suback([.grantedQoS2, .notAuthorized])) == [
                .tell(.subscribed("a", .exactlyOnce)),
                .tell(.subscriptionRefused("b/#", .notAuthorized, retryIn: .seconds(5))),
            ])
        #expect(talk.session.deadline == talk.now + .seconds(5))
        talk.pass(.seconds(5))
        #expect(talk.deadlineReached() == [.subscribe(65_535, [1])])
        _ = talk.received(suback([.grantedQoS2]))
        #expect(talk.reconnect(present: true).count == 1)
    }

    @Test func aSilentServerIsGivenUp() {
        var talk = subscriber()
        _ = talk.connect(present: true)
        #expect(talk.session.deadline == talk.now + .seconds(10))
        talk.pass(.seconds(10))
        #expect(
            talk.deadlineReached() == [.tell(.unanswered(.suback)), .close(flushing: false)])
    }

    @Test func answersThatDoNotFitBreakTheProtocol() {
        for packet in [
            suback([.grantedQoS2]), SubackEncoder(.v5, 7, [.grantedQoS2, .grantedQoS2]),
        ] {
            var talk = subscriber()
            _ = talk.connect(present: true)
            #expect(talk.received(packet).isViolation)
        }
    }

    /// SUBSCRIBE and PUBLISH share their identifiers. [MQTT-2.2.1-3]
    @Test func anIdentifierIsNotUsedTwice() {
        var outbox = Outbox()
        for (index, id) in [PacketID(65_535), 65_534].enumerated() {
            let number = number(UInt64(index + 1))
            outbox.apply(.enqueued(number, message("\(index)")))
            outbox.apply(.sent(number, id))
        }
        var talk = Conversation(outbox: outbox, knowsSession: true) {
            $0.subscriptions = [.init("a", SubscriptionOptions(maximumQoS: .exactlyOnce))]
        }
        #expect(talk.connect(present: true).contains(.subscribe(65_533, [0])))

        var full = Outbox()
        full.apply(.enqueued(number(1), message("1")))
        full.apply(.sent(number(1), 65_534))
        var other = Conversation(outbox: full, knowsSession: true) {
            $0.subscriptions = [.init("a", SubscriptionOptions(maximumQoS: .exactlyOnce))]
        }
        _ = other.connect(present: true)
        #expect(other.enqueue(message("2")).count == 2, "65,535 is SUBSCRIBE's")
        let effects = other.received(suback([.grantedQoS2]))
        #expect(effects.last == publish(message("2"), 65_535))
    }
}
