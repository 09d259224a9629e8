// SPDX-License-Identifier: Apache-2.0
//
// The sending half: each acknowledgement in each state, the server's window and limits, refusals.
import MQTT
import Testing

@testable import ClientCore

@Suite struct PublishTests {
    @Test func qos2GoesItsFourSteps() {
        var talk = Conversation()
        _ = talk.connect()
        let first = message("1")
        #expect(
            talk.enqueue(first) == [
                .record(.enqueued(number(1), first)), .taken(number(1)),
                .record(.sent(number(1), 1)), publish(first, 1),
            ])
        #expect(
            talk.acknowledged(.pubrec, 1) == [
                .record(.acknowledged(1)), .acknowledge(.pubrel, 1, .success),
            ])
        #expect(talk.acknowledged(.pubcomp, 1) == [.record(.completed(1, .success, at: talk.now))])
        #expect(talk.session.outbox.count == 0)
        #expect(talk.session.isIdle == true)
    }

    @Test func qos1AndQoS0HaveFewer() {
        var talk = Conversation()
        _ = talk.connect()
        let one = message("1", qos: .atLeastOnce)
        #expect(talk.enqueue(one).suffix(2) == [.record(.sent(number(1), 1)), publish(one, 1)])
        #expect(talk.acknowledged(.puback, 1) == [.record(.completed(1, .success, at: talk.now))])
        let zero = message("2", qos: .atMostOnce)
        #expect(
            talk.enqueue(zero).suffix(2) == [
                .record(.removed(number(2), .sentOnce)),
                .publish(zero, PublishHead(qos: .atMostOnce)),
            ])
        #expect(talk.session.outbox.count == 0)
    }

    @Test func linesNameEveryStep() {
        var talk = Conversation()
        _ = talk.connect()
        _ = talk.enqueue(message("1"))
        #expect(
            talk.steps.map(\.text) == [
                "[1/4] send PUBLISH  c          mid=1 qos=2 t 2 B  message=s/1"
            ])
        talk.pass(.milliseconds(2))
        _ = talk.acknowledged(.pubrec, 1)
        #expect(
            talk.steps.map(\.text) == [
                "[2/4] recv PUBREC   c          mid=1   on disk in 2.0 ms",
                "[3/4] send PUBREL   c          mid=1",
            ])
        talk.pass(.milliseconds(3))
        _ = talk.acknowledged(.pubcomp, 1)
        #expect(
            talk.steps.map(\.text) == ["[4/4] recv PUBCOMP  c          mid=1   done in 5.0 ms"])
        #expect(talk.steps[0].message == "s/1", "later lines name the message in their fields")
    }

    @Test func nothingLeavesBeforeConnack() {
        var talk = Conversation()
        let first = message("1")
        #expect(
            talk.enqueue(first) == [.record(.enqueued(number(1), first)), .taken(number(1))])
        _ = talk.opened()
        #expect(talk.enqueue(message("2")).count == 2)
        let effects = talk.accepted()
        #expect(
            effects.dropFirst() == [
                .record(.sessionBegun), .record(.sent(number(1), 1)), publish(first, 1),
                .record(.sent(number(2), 2)), publish(message("2"), 2),
            ])
    }

    /// [MQTT-3.3.4-7]: the eleventh of a Receive Maximum of ten waits, until PUBCOMP.
    @Test func theServersWindowIsNotCrossed() {
        var talk = Conversation()
        _ = talk.opened()
        _ = talk.accepted { $0.receiveMaximum = 10 }
        for index in 1...12 { _ = talk.enqueue(message("\(index)")) }
        #expect(talk.session.outbox.inFlightCount == 10)
        #expect(talk.acknowledged(.pubrec, 1).count == 2, "PUBREC frees no place")
        #expect(talk.session.outbox.inFlightCount == 10)
        #expect(
            talk.acknowledged(.pubcomp, 1) == [
                .record(.completed(1, .success, at: talk.now)), .record(.sent(number(11), 11)),
                publish(message("11"), 11),
            ])
        #expect(talk.session.outbox.inFlightCount == 10)
    }

    @Test func aRepeatedPubrecGetsPubrelAgain() {
        var talk = Conversation()
        _ = talk.connect()
        _ = talk.enqueue(message("1"))
        _ = talk.acknowledged(.pubrec, 1)
        #expect(talk.acknowledged(.pubrec, 1) == [.acknowledge(.pubrel, 1, .success)])
        #expect(talk.steps.first?.outcome == .repeated)
    }

    /// Unknown identifiers: a PUBREC is settled by PUBREL, the rest is over already.
    @Test func unknownIdentifiersAreSettled() {
        var talk = Conversation()
        _ = talk.connect()
        #expect(
            talk.acknowledged(.pubrec, 9) == [
                .acknowledge(.pubrel, 9, .packetIdentifierNotFound)
            ])
        #expect(talk.acknowledged(.pubrec, 9, .quotaExceeded).isEmpty)
        #expect(talk.acknowledged(.pubcomp, 9).isEmpty)
        #expect(talk.acknowledged(.puback, 9).isEmpty)
        #expect(talk.steps.first?.outcome == .unknown)
        var old = Conversation(version: .v311)
        _ = old.connect()
        #expect(old.acknowledged(.pubrec, 9) == [.acknowledge(.pubrel, 9, .success)])
    }

    /// Every acknowledgement that does not fit its flow.
    @Test func acknowledgementsThatDoNotFitBreakTheProtocol() {
        let wrong: [(QoS, Bool, PacketKind)] = [
            (.exactlyOnce, false, .puback), (.exactlyOnce, false, .pubcomp),
            (.exactlyOnce, true, .puback), (.atLeastOnce, false, .pubrec),
            (.atLeastOnce, false, .pubcomp),
        ]
        for (qos, isReleased, kind) in wrong {
            var talk = Conversation()
            _ = talk.connect()
            _ = talk.enqueue(message("1", qos: qos))
            if isReleased { _ = talk.acknowledged(.pubrec, 1) }
            #expect(talk.acknowledged(kind, 1).isViolation, "\(qos) \(isReleased) \(kind)")
            #expect(talk.session.outbox.count == 1, "and the message is kept")
        }
    }

    /// Refused for now: the same message, in its place, under a new identifier, after a pause.
    @Test func aFullServerIsAskedAgain() {
        var talk = Conversation()
        _ = talk.connect()
        _ = talk.enqueue(message("1"))
        _ = talk.enqueue(message("2"))
        #expect(
            talk.acknowledged(.pubrec, 1, .quotaExceeded) == [
                .record(.returned(1, .quotaExceeded)),
                .tell(.publishRefused("s/1", .quotaExceeded, retryIn: .seconds(5))),
            ])
        #expect(talk.enqueue(message("3")).count == 2, "the pause is for all")
        #expect(talk.session.deadline == talk.now + .seconds(5))
        talk.pass(.seconds(5))
        #expect(
            talk.deadlineReached() == [
                .record(.sent(number(1), 3)), publish(message("1"), 3),
                .record(.sent(number(3), 4)), publish(message("3"), 4),
            ])
    }

    @Test func whatCanNeverBeTakenIsDroppedWithAWord() {
        for reason in [ReasonCode.topicNameInvalid, .payloadFormatInvalid] {
            var talk = Conversation()
            _ = talk.connect()
            _ = talk.enqueue(message("1"))
            #expect(
                talk.acknowledged(.pubrec, 1, reason) == [
                    .record(.completed(1, reason, at: talk.now)),
                    .tell(.dropped("s/1", .refused(reason))),
                ])
        }
    }

    /// After PUBREL a message is never sent again, whatever the server says then. [MQTT-4.3.3-6]
    @Test func aLateRefusalEndsTheFlow() {
        var talk = Conversation()
        _ = talk.connect()
        _ = talk.enqueue(message("1"))
        _ = talk.acknowledged(.pubrec, 1)
        #expect(
            talk.acknowledged(.pubrec, 1, .quotaExceeded) == [
                .record(.completed(1, .quotaExceeded, at: talk.now)),
                .tell(.dropped("s/1", .refused(.quotaExceeded))),
            ])
    }

    /// [MQTT-3.2.2-15]
    @Test func aMessageLargerThanTheServerTakesIsDropped() {
        var talk = Conversation()
        _ = talk.opened()
        _ = talk.accepted { $0.maximumPacketSize = 100 }
        let large = message("1", size: 100)
        #expect(
            talk.enqueue(large) == [
                .record(.enqueued(number(1), large)), .taken(number(1)),
                .record(.removed(number(1), .tooLarge)), .tell(.dropped("s/1", .tooLarge)),
            ])
        #expect(talk.enqueue(message("2")).last == publish(message("2"), 1), "and no other")
    }

    @Test func aFullOutboxRefusesOrDropsItsOldest() {
        var refusing = Conversation { $0.outboxMax = 2 }
        _ = refusing.enqueue(message("1"))
        _ = refusing.enqueue(message("2"))
        #expect(refusing.session.takesMessages == false)
        #expect(refusing.enqueue(message("3")).isEmpty)

        var dropping = Conversation {
            $0.outboxMax = 2
            $0.outboxOverflow = .dropOldest
        }
        _ = dropping.enqueue(message("1"))
        _ = dropping.enqueue(message("2"))
        #expect(dropping.session.takesMessages == true)
        #expect(
            dropping.enqueue(message("3")) == [
                .record(.removed(number(1), .overflow)), .tell(.dropped("s/1", .overflow)),
                .record(.enqueued(number(3), message("3"))), .taken(number(3)),
            ])
        _ = dropping.connect()
        #expect(dropping.session.takesMessages == false, "what is on its way is not dropped")
        #expect(dropping.enqueue(message("4")).isEmpty)
    }
}
