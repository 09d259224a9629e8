// SPDX-License-Identifier: Apache-2.0
//
// CONNECT, CONNACK and DISCONNECT: which session goes on, and what the server's terms mean.
import MQTT
import Testing

@testable import ClientCore

@Suite struct ConnectTests {
    /// Who knows no session asks for a clean start; who has had one never again.
    @Test func aCleanStartIsAskedForOnce() {
        var talk = Conversation()
        #expect(talk.opened() == [.connect(cleanStart: true)])
        _ = talk.session.closed(at: talk.now)
        #expect(talk.opened() == [.connect(cleanStart: true)], "no CONNACK came before")
        #expect(
            talk.accepted() == [
                .tell(.connected(.v5, resumed: false, inFlight: 0)), .record(.sessionBegun),
            ])
        _ = talk.session.closed(at: talk.now)
        #expect(talk.opened() == [.connect(cleanStart: false)])
        #expect(
            talk.accepted(present: true) == [.tell(.connected(.v5, resumed: true, inFlight: 0))])
    }

    @Test func aReceiverGoesOnWithItsMemory() {
        var talk = Conversation(stored: [7], knowsSession: true)
        #expect(talk.opened() == [.connect(cleanStart: false)])
        #expect(
            talk.accepted(present: true) == [.tell(.connected(.v5, resumed: true, inFlight: 0))])
        #expect(talk.session.inbound.ids == [7])
    }

    /// [MQTT-3.2.2-4]
    @Test func aSessionAfterACleanStartIsRefused() {
        var talk = Conversation()
        _ = talk.opened()
        #expect(talk.accepted(present: true).isViolation)
        #expect(talk.session.isOpen == false)
    }

    /// A clean session of MQTT 3.1.1 ends with its connection, and with it what the server has not
    /// handed on yet. [MQTT-3.1.2-6]
    @Test func aSessionOfTheOldProtocolLasts() {
        var talk = Conversation(version: .v311)
        #expect(talk.opened() == [.connect(cleanStart: false)])
        #expect(
            talk.accepted() == [
                .tell(.connected(.v311, resumed: false, inFlight: 0)), .record(.sessionBegun),
            ])
        #expect(talk.session.outbox.knowsSession == true)
    }

    /// A session that we know nothing of is thrown away by a connection of its own.
    @Test func anUnknownSessionOfTheOldProtocolIsCleansed() {
        var talk = Conversation(version: .v311)
        let farewell: [ClientEffect] = [
            .disconnect(.normalDisconnection), .close(flushing: true),
        ]
        #expect(talk.opened() == [.connect(cleanStart: false)])
        #expect(talk.accepted(present: true) == farewell)
        #expect(talk.session.reconnectsAtOnce == true)
        _ = talk.session.closed(at: talk.now)
        #expect(talk.opened() == [.connect(cleanStart: true)])
        #expect(talk.accepted() == farewell)
        #expect(talk.session.reconnectsAtOnce && !talk.session.knowsSession)
        _ = talk.session.closed(at: talk.now)
        #expect(talk.opened() == [.connect(cleanStart: false)])
        #expect(
            talk.accepted() == [
                .tell(.connected(.v311, resumed: false, inFlight: 0)), .record(.sessionBegun),
            ])
        #expect(talk.session.reconnectsAtOnce == false)
    }

    /// A server that cannot forget is tried again, but not at once.
    @Test func aServerThatKeepsACleansedSessionIsLeft() {
        for stubborn in [false, true] {
            var talk = Conversation(version: .v311)
            _ = talk.connect(present: true)
            _ = talk.session.closed(at: talk.now)
            _ = talk.opened()
            if !stubborn {
                _ = talk.accepted()
                _ = talk.session.closed(at: talk.now)
                _ = talk.opened()
            }
            #expect(talk.accepted(present: true).isViolation)
            #expect(talk.session.reconnectsAtOnce == false)
            _ = talk.session.closed(at: talk.now)
            #expect(talk.opened() == [.connect(cleanStart: false)])
        }
    }

    /// [MQTT-3.2.2-5]
    @Test func aLostSessionIsForgotten() {
        var talk = Conversation(stored: [7], knowsSession: true)
        _ = talk.opened()
        #expect(
            talk.accepted() == [
                .tell(.connected(.v5, resumed: false, inFlight: 0)), .forgetSession,
            ])
        #expect(talk.session.inbound.ids.isEmpty)
    }

    @Test func aRefusalIsToldAndEndsTheConnection() throws {
        for version in [ProtocolVersion.v5, .v311] {
            var talk = Conversation(version: version)
            _ = talk.opened()
            let packet = try #require(ConnackEncoder(refusing: version, .notAuthorized))
            #expect(
                talk.received(packet) == [
                    .tell(.refused(.notAuthorized, nil)), .close(flushing: true),
                ])
            #expect(talk.session.isOpen == false)
            #expect(talk.session.closed(at: talk.now) != nil)
            #expect(talk.opened() == [.connect(cleanStart: version == .v5)])
        }
    }

    /// [MQTT-3.2.2-11]: less than QoS 2 would break the promise without a word.
    @Test func aServerWithoutQoS2IsLeft() {
        var talk = Conversation()
        _ = talk.opened()
        let effects = talk.accepted { $0.maximumQoS = .atLeastOnce }
        #expect(
            effects == [
                .tell(.qosNotOffered(.atLeastOnce)), .disconnect(.normalDisconnection),
                .close(flushing: true),
            ])
    }

    @Test func theServersTermsAreKept() throws {
        var talk = Conversation()
        _ = talk.opened()
        _ = talk.accepted {
            $0.serverKeepAlive = 8
            $0.receiveMaximum = 3
            $0.maximumPacketSize = 50
        }
        let open = talk.session.connection
        let connection = try #require(open)
        #expect(connection.keepAlive == KeepAlive(seconds: 8))
        #expect(connection.inFlightMax == 3)
        #expect(connection.packetSizeMax == 50)
    }

    @Test func aServerThatSendsUsAwayIsQuoted() {
        var talk = Conversation()
        _ = talk.connect()
        var packet = DisconnectEncoder(.v5, .sessionTakenOver)
        packet.reasonString = "elsewhere"
        #expect(
            talk.received(packet) == [
                .tell(.dismissed(.sessionTakenOver, "elsewhere")), .close(flushing: true),
            ])
        #expect(talk.session.isOpen == false)
    }

    @Test func theFarewellIsPolite() {
        var talk = Conversation()
        _ = talk.connect()
        #expect(
            talk.effects { $0.finish(into: &$2) } == [
                .tell(.disconnected), .disconnect(.normalDisconnection), .close(flushing: true),
            ])
        #expect(talk.effects { $0.finish(into: &$2) }.isEmpty, "once is enough")
    }

    /// Every packet that a server must not send, and every known one at the wrong moment.
    @Test func packetsOfTheOtherRoleBreakTheProtocol() {
        let wrong: [[UInt8]] = [
            ConnectEncoder(.v5, clientID: ClientID("x"), cleanStart: true).encoded(),
            ConnackEncoder(accepting: .v5, sessionPresent: false).encoded(),
            SubscribeEncoder(
                .v5, 1, [.init("t", SubscriptionOptions(maximumQoS: .exactlyOnce))]
            ).encoded(),
            SubackEncoder(.v5, 9, [.grantedQoS2]).encoded(),
            UnsubscribeEncoder(.v5, 1, ["t"]).encoded(),
            UnsubackEncoder(.v5, 1, [.success]).encoded(),
            [0xC0, 0x00],
            AuthEncoder(.continueAuthentication, authenticationMethod: "m").encoded(),
        ]
        for bytes in wrong {
            var talk = Conversation()
            _ = talk.connect()
            let effects = talk.received(bytes)
            #expect(effects.isViolation, "\(bytes)")
            #expect(effects.contains(.disconnect(.protocolError)), "\(bytes)")
        }
        var early = Conversation()
        _ = early.opened()
        #expect(early.received(publishBytes(1)).isViolation, "CONNACK comes first")
        var old = Conversation(version: .v311)
        _ = old.connect()
        #expect(old.received([0xE0, 0x00]).isViolation, "MQTT 3.1.1 servers say no DISCONNECT")
    }
}
