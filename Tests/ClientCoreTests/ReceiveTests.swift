// SPDX-License-Identifier: Apache-2.0
//
// The receiving half: nothing is acknowledged before the application has it for good, on whichever
// connection and however often a packet comes.
import MQTT
import Testing

@testable import ClientCore

@Suite struct ReceiveTests {
    private func open(_ stored: [PacketID] = []) -> Conversation {
        var talk = Conversation(stored: stored, knowsSession: true)
        _ = talk.connect(present: true)
        return talk
    }

    private func receipt(_ effects: [ClientEffect]) throws -> Receipt {
        try #require(effects.receipts.first)
    }

    private func isRepeat(_ effects: [ClientEffect]) -> Bool? {
        guard case .offer(let message) = effects.first else { return nil }
        return message.isRepeat
    }

    @Test func qos2WaitsForTheApplicationTwice() throws {
        var talk = open()
        let offered = talk.received(publishBytes(5))
        #expect(offered.count == 1 && isRepeat(offered) == false)
        #expect(talk.stored(try receipt(offered)) == [.acknowledge(.pubrec, 5, .success)])
        let released = talk.acknowledged(.pubrel, 5)
        #expect(released == [.release(try receipt(offered))])
        #expect(talk.forgotten(try receipt(released)) == [.acknowledge(.pubcomp, 5, .success)])
        #expect(talk.session.isIdle == true)
        #expect(isRepeat(talk.received(publishBytes(5))) == false, "the identifier is free again")
    }

    @Test func qos1AndQoS0() throws {
        var talk = open()
        let one = talk.received(publishBytes(5, qos: .atLeastOnce))
        #expect(talk.stored(try receipt(one)) == [.acknowledge(.puback, 5, .success)])
        let zero = talk.received(publishBytes(nil, qos: .atMostOnce))
        #expect(zero.count == 1 && zero.receipts.isEmpty)
        #expect(talk.session.isIdle == true)
    }

    @Test func aRepeatIsOfferedAndAnsweredOnce() throws {
        var talk = open()
        let first = try receipt(talk.received(publishBytes(5)))
        let again = talk.received(publishBytes(5, dup: true))
        #expect(isRepeat(again) == true)
        #expect(talk.stored(first) == [.acknowledge(.pubrec, 5, .success)])
        #expect(talk.stored(try receipt(again)).isEmpty, "one PUBREC says it all")
        let late = talk.received(publishBytes(5, dup: true))
        #expect(isRepeat(late) == true)
        #expect(talk.stored(try receipt(late)) == [.acknowledge(.pubrec, 5, .success)])
    }

    /// The first PUBLISH is not committed yet when its repeat comes over a new connection.
    @Test func aLateAnswerDoesNotSpeakForANewConnection() throws {
        var talk = open()
        let first = try receipt(talk.received(publishBytes(5)))
        _ = talk.reconnect()
        #expect(talk.stored(first).isEmpty, "the connection that it was for is gone")
        let again = talk.received(publishBytes(5, dup: true))
        #expect(isRepeat(again) == true)
        #expect(talk.stored(first).isEmpty)
        #expect(talk.stored(try receipt(again)) == [.acknowledge(.pubrec, 5, .success)])
    }

    @Test func aLateAnswerDoesNotSpeakForANewSession() throws {
        var talk = open()
        let first = try receipt(talk.received(publishBytes(5)))
        _ = talk.reconnect(present: false)
        let other = talk.received(publishBytes(5))
        #expect(isRepeat(other) == false, "another message under the same identifier")
        #expect(talk.stored(first).isEmpty)
        #expect(talk.session.inbound.ids.isEmpty)
        #expect(talk.stored(try receipt(other)) == [.acknowledge(.pubrec, 5, .success)])
    }

    @Test func aPubrelMayComeAgainOverANewConnection() throws {
        var talk = open()
        let offered = try receipt(talk.received(publishBytes(5)))
        _ = talk.stored(offered)
        let first = try receipt(talk.acknowledged(.pubrel, 5))
        _ = talk.reconnect()
        let second = try receipt(talk.acknowledged(.pubrel, 5))
        #expect(talk.forgotten(first).isEmpty)
        #expect(talk.forgotten(second) == [.acknowledge(.pubcomp, 5, .success)])
        #expect(talk.session.isIdle == true)
    }

    @Test func aForgottenIdentifierIsForgottenWithoutAConnectionToo() throws {
        var talk = open()
        _ = talk.stored(try receipt(talk.received(publishBytes(5))))
        let release = try receipt(talk.acknowledged(.pubrel, 5))
        _ = talk.session.closed(at: talk.now)
        #expect(talk.forgotten(release).isEmpty)
        _ = talk.connect(present: true)
        #expect(
            talk.acknowledged(.pubrel, 5) == [
                .acknowledge(.pubcomp, 5, .packetIdentifierNotFound)
            ])
    }

    /// What the database says was stored before this process began.
    @Test func storedIdentifiersAreKnown() throws {
        var talk = open([5, 9])
        let again = talk.received(publishBytes(5, dup: true))
        #expect(isRepeat(again) == true)
        #expect(talk.stored(try receipt(again)) == [.acknowledge(.pubrec, 5, .success)])
        let released = talk.acknowledged(.pubrel, 9)
        #expect(talk.forgotten(try receipt(released)) == [.acknowledge(.pubcomp, 9, .success)])
    }

    @Test func anUnknownPubrelIsAnsweredAtOnce() {
        var talk = open()
        #expect(
            talk.acknowledged(.pubrel, 5) == [
                .acknowledge(.pubcomp, 5, .packetIdentifierNotFound)
            ])
        var old = Conversation(version: .v311, knowsSession: true)
        _ = old.connect(present: true)
        #expect(old.acknowledged(.pubrel, 5) == [.acknowledge(.pubcomp, 5, .success)])
    }

    /// [MQTT-3.3.4-9]: counted until PUBCOMP.
    @Test func moreThanWeAllowBreaksTheProtocol() throws {
        var talk = Conversation(knowsSession: true) { $0.receiveMaximum = 2 }
        _ = talk.connect(present: true)
        let first = try receipt(talk.received(publishBytes(1)))
        _ = talk.received(publishBytes(2))
        _ = talk.received(publishBytes(2, dup: true))
        _ = talk.stored(first)
        let release = try receipt(talk.acknowledged(.pubrel, 1))
        _ = talk.forgotten(release)
        #expect(talk.received(publishBytes(3)).receipts.count == 1)
        let effects = talk.received(publishBytes(4))
        #expect(effects.isViolation && effects.contains(.disconnect(.receiveMaximumExceeded)))
    }

    /// [MQTT-3.3.2-11]
    @Test func anAliasThatNobodyAllowedBreaksTheProtocol() {
        var talk = open()
        let effects = talk.received(publishBytes(1, alias: 1))
        #expect(effects.isViolation && effects.contains(.disconnect(.topicAliasInvalid)))
    }

    @Test func linesNameEveryStep() throws {
        var talk = open()
        let bytes = publishBytes(5, topic: "sensor/data", payload: "12345")
        let offered = talk.received(bytes)
        guard case .offer(let message) = try #require(offered.first) else { return }
        _ = talk.effects {
            $0.offered(message, topic: "sensor/data", label: "p/7", into: &$2)
        }
        #expect(
            talk.steps.map(\.text) == [
                "[1/4] recv PUBLISH  c          mid=5 qos=2 sensor/data 5 B  message=p/7"
            ])
        talk.pass(.milliseconds(2))
        _ = talk.stored(try receipt(offered))
        #expect(
            talk.steps.map(\.text) == ["[2/4] send PUBREC   c          mid=5   on disk in 2.0 ms"])
        #expect(talk.steps.first?.message == "p/7")
        let released = talk.acknowledged(.pubrel, 5)
        #expect(talk.steps.map(\.text) == ["[3/4] recv PUBREL   c          mid=5"])
        talk.pass(.milliseconds(2))
        _ = talk.forgotten(try receipt(released))
        #expect(talk.steps.map(\.text) == ["[4/4] send PUBCOMP  c          mid=5   done in 4.0 ms"])
    }

    @Test func userPropertiesNameTheMessage() throws {
        let properties = MessageProperties(
            userProperties: [
                UserProperty("seq", "12"), UserProperty("other", "x"), UserProperty("stream", "p"),
            ])
        let cases: [(MessageProperties, String?)] = [
            (properties, "p/12"), (MessageProperties(), nil),
            (MessageProperties(userProperties: [UserProperty("seq", "12")]), nil),
        ]
        for (properties, label) in cases {
            var talk = open()
            let bytes = publishBytes(5, properties: properties)
            guard case .offer(let message) = talk.received(bytes).first else {
                Issue.record("no message was offered")
                return
            }
            #expect(message.label(in: bytes.span) == label)
        }
    }
}
