// SPDX-License-Identifier: Apache-2.0
// CONNECT and what is answered: sessions made, resumed and thrown away, and every refusal.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct ConnectTests {
    @Test func aCleanSessionIsNeverPresent() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc", version)
                #expect(plc.connect() == [.connack()])
                plc.subscribe("t")
                #expect(plc.disconnect() == [.closed])
                #expect(plc.connect() == [.connack()])
                #expect(scene.engine.broker.status.subscriptions == 0)
            }
        }
    }

    @Test func aSessionThatIsKeptIsPresentTheNextTime() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc", version)
                #expect(plc.resume() == [.connack(present: false)])
                plc.subscribe("t")
                plc.lose()
                #expect(plc.resume() == [.connack(present: true)])
                #expect(plc.publish("t", "x") == [.publish("t", "x")])
                plc.disconnect()
                #expect(plc.resume() == [.connack(present: true)])
            }
        }
    }

    @Test func cleanStartThrowsTheOldSessionAway() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc", version)
                plc.resume()
                plc.subscribe("t")
                plc.disconnect()
                #expect(plc.connect() == [.connack(present: false)])
                #expect(plc.publish("t") == [])
                plc.disconnect()
                #expect(plc.resume() == [.connack(present: false)])
            }
        }
    }

    /// The expiry of MQTT 5.0 is apart from clean start: a clean session may be kept.
    @Test func cleanStartWithAnExpiryMakesASessionThatIsKept() {
        scene { scene in
            let plc = scene.client("plc")
            #expect(plc.connect(clean: true, expiry: 60) == [.connack()])
            plc.lose()
            #expect(plc.connect(clean: false, expiry: 60) == [.connack(present: true)])
        }
    }

    /// [MQTT-3.1.2-23]: without an expiry the session ends with the connection.
    @Test func resumingWithoutExpiryEndsTheSessionAtTheNextClose() {
        scene { scene in
            let plc = scene.client("plc")
            plc.resume()
            plc.lose()
            #expect(plc.connect(clean: false) == [.connack(present: true)])
            plc.lose()
            #expect(plc.resume() == [.connack(present: false)])
        }
    }

    @Test func theExpiryAtDisconnectCounts() {
        scene { scene in
            let plc = scene.client("plc")
            plc.resume(expiry: 3600)
            #expect(plc.disconnect(expiry: 0) == [.closed])
            #expect(plc.resume(expiry: 3600) == [.connack(present: false)])
            plc.disconnect(expiry: 10)
            scene.pass(.seconds(9))
            #expect(plc.resume(expiry: 3600) == [.connack(present: true)])
            plc.disconnect(expiry: 10)
            scene.pass(.seconds(10))
            #expect(plc.resume(expiry: 3600) == [.connack(present: false)])
        }
    }

    /// [MQTT-3.1.2-23], 3.14.2.2.2
    @Test func theExpiryCannotBeRaisedFromZeroAtDisconnect() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            #expect(plc.disconnect(expiry: 10) == [.disconnect(.protocolError), .closed])
            #expect(scene.engine.broker.status.sessions == 0)
        }
    }

    @Test func anEmptyClientIdentifierGetsOneThatIsTold() throws {
        try scene { scene in
            let plc = scene.client("")
            #expect(plc.connect() == [.connack()])
            let wire = plc.lastWire
            let header = try #require(try FixedHeader.read(wire.span, at: 0, version: .v5))
            let packet = try ConnackPacket(wire.span, header, .v5)
            let assigned = try #require(packet.assignedClientID).map { wire[$0] }
            #expect(String(decoding: assigned, as: UTF8.self).hasPrefix("auto-"))

            let other = scene.client("")
            #expect(other.connect() == [.connack()])
            #expect(other.lastWire != wire)
            #expect(scene.engine.broker.status.sessions == 2)
        }
    }

    @Test func anEmptyClientIdentifierIsForCleanSessionsInMQTT3() {
        scene { scene in
            #expect(scene.client("", .v311).connect() == [.connack()])
            // [MQTT-3.1.3-8]
            #expect(
                scene.client("", .v311).resume()
                    == [.connack(.clientIdentifierNotValid), .closed])
        }
    }

    @Test func anEmptyClientIdentifierCanBeRefused() {
        var limits = Limits()
        limits.terms.allowsEmptyClientID = false
        for version in versions {
            scene(limits) { scene in
                #expect(
                    scene.client("", version).connect()
                        == [.connack(.clientIdentifierNotValid), .closed])
            }
        }
    }

    @Test func aStrangerIsRefusedInTheWordsOfHisVersion() {
        var limits = Limits()
        limits.terms.allowsAnonymous = false
        for version in versions {
            scene(limits) { scene in
                let plc = scene.client("plc", version)
                #expect(plc.connect() == [.connack(.notAuthorized), .closed])
                let reason: [UInt8] = [0x1F, 0, 14] + Array("Not authorized".utf8)
                let wire: [UInt8] =
                    version == .v5 ? [0x20, 20, 0, 0x87, 17] + reason : [0x20, 2, 0, 5]
                #expect(plc.lastWire == wire)
                #expect(scene.engine.broker.metrics.connectionsRefused == 1)
                let peer = "192.0.2.1:40000"
                #expect(
                    scene.takeNotes() == [
                        .refused(
                            ClientID("plc"), peer: peer, .notAuthorized,
                            detail: ReasonCode.notAuthorized.name)
                    ])
            }
        }
    }

    @Test func enhancedAuthenticationIsNotOffered() {
        scene { scene in
            let plc = scene.client("plc")
            plc.open()
            var packet = ConnectEncoder(.v5, clientID: ClientID("plc"), cleanStart: true)
            packet.authenticationMethod = "SCRAM-SHA-256"
            #expect(plc.send(packet.encoded()) == [.connack(.badAuthenticationMethod), .closed])
        }
    }

    @Test func aRetainedWillIsRefusedWhereNothingIsRetained() {
        var limits = Limits()
        limits.retainAvailable = false
        scene(limits) { scene in
            let will = WillEncoder(topic: "w", payload: [], qos: .atMostOnce, retain: true)
            let plc = scene.client("plc")
            #expect(plc.connect(will: will) == [.connack(.retainNotSupported), .closed])
            #expect(plc.connect() == [.connack()])
            #expect(
                plc.publish("t", "x", retain: true)
                    == [.disconnect(.retainNotSupported), .closed])
        }
    }

    /// [MQTT-3.1.2-2]
    @Test func anotherProtocolLevelIsRefusedInItsOwnWords() {
        for (level, answer): (UInt8, [UInt8]) in [
            (3, [0x20, 2, 0, 1]), (0, [0x20, 2, 0, 1]), (6, [0x20, 3, 0, 0x84, 0]),
            (0x84, [0x20, 3, 0, 0x84, 0]),
        ] {
            scene { scene in
                let id = scene.open()
                scene.send(
                    [0x10, 13, 0, 4] + Array("MQTT".utf8) + [level, 2, 0, 0, 0, 1, 0x61],
                    on: id)
                let (bytes, isClosed) = scene.take(id)
                #expect(bytes == answer)
                #expect(isClosed)
            }
        }
    }

    @Test func aProtocolThatIsNotMQTTIsClosedWithoutAWord() {
        scene { scene in
            let id = scene.open()
            scene.send(Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8), on: id)
            let (bytes, isClosed) = scene.take(id)
            #expect(bytes == [])
            #expect(isClosed)
        }
    }

    /// [MQTT-3.1.0-1]
    @Test func theFirstPacketMustBeConnect() {
        for version in versions {
            scene { scene in
                for other in [Wire.ping(), [0xE0, 0], [0x82, 6, 0, 1, 0, 1, 0x61, 0]] {
                    let plc = scene.client("plc", version)
                    plc.open()
                    #expect(plc.send(other) == [.closed])
                }
                #expect(scene.engine.broker.metrics.connectionsRefused == 3)
            }
        }
    }

    /// [MQTT-3.1.0-2]
    @Test func aSecondConnectEndsTheConnection() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc", version)
                plc.connect()
                let again = ConnectEncoder(version, clientID: ClientID("plc"), cleanStart: true)
                #expect(plc.send(again.encoded()) == farewell(.protocolError, version))
            }
        }
    }

    @Test func connectAndWhatFollowsMayComeInOneRead() {
        scene { scene in
            let plc = scene.client("plc")
            plc.open()
            let connect = ConnectEncoder(.v5, clientID: ClientID("plc"), cleanStart: true)
            let head = PublishHead(qos: .exactlyOnce, id: 1)
            #expect(
                plc.send(connect.encoded() + Wire.publish(.v5, head, "t", []) + Wire.ping())
                    == [.connack(), .pubrec(1), .pingresp])
        }
    }

    @Test func connackTellsTheLimits() throws {
        var limits = Limits()
        limits.inFlightMax = 17
        limits.packetSizeMax = 5000
        limits.keepAliveMax = 100
        limits.sessionExpiryMax = SessionExpiry(seconds: 50)
        limits.retainAvailable = false
        try scene(limits) { scene in
            let plc = scene.client("plc")
            plc.connect(clean: true, expiry: 3600, keepAlive: 300)
            let wire = plc.lastWire
            let header = try #require(try FixedHeader.read(wire.span, at: 0, version: .v5))
            let packet = try ConnackPacket(wire.span, header, .v5)
            #expect(packet.receiveMaximum == 17)
            #expect(packet.maximumPacketSize == 5000)
            #expect(packet.serverKeepAlive == 100)
            #expect(packet.sessionExpiry == 50)
            #expect(!packet.retainAvailable)
            #expect(packet.sharedSubscriptionAvailable)
            #expect(packet.maximumQoS == .exactlyOnce)
            #expect(packet.responseInformation == nil)
            #expect(packet.topicAliasMaximum == 10)
            #expect(packet.assignedClientID == nil)
        }
    }

    @Test func connackLeavesOutWhatTheClientAskedFor() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect(clean: true, expiry: 3600, keepAlive: 300)
            // Receive Maximum, Topic Alias Maximum.
            #expect(plc.lastWire == [0x20, 9, 0, 0, 6, 0x21, 0, 64, 0x22, 0, 10])
        }
    }

    /// [MQTT-3.1.2-28]
    @Test func responseInformationIsForThoseWhoAsk() throws {
        var limits = Limits()
        limits.responseInformation = "answers/%c/"
        for asks in [true, false] {
            try scene(limits) { scene in
                let plc = scene.client("plc")
                plc.connect { $0.requestResponseInformation = asks }
                let wire = plc.lastWire
                let header = try #require(try FixedHeader.read(wire.span, at: 0, version: .v5))
                let packet = try ConnackPacket(wire.span, header, .v5)
                let text = packet.responseInformation.map {
                    String(decoding: wire[$0], as: UTF8.self)
                }
                #expect(text == (asks ? "answers/plc/" : nil))
            }
        }
    }

    /// [MQTT-3.2.2-19]: a reason in words is left out where it does not fit, or is not wanted.
    @Test func reasonsInWordsAreTrimmed() throws {
        var limits = Limits()
        limits.payloadBytesMax = 1
        for (size, asks, isThere) in [(40, true, true), (12, true, false), (40, false, false)] {
            try scene(limits) { scene in
                let plc = scene.client("plc")
                plc.connect {
                    $0.maximumPacketSize = UInt32(size)
                    $0.requestProblemInformation = asks
                }
                plc.publish("t", "12", qos: 1, id: 1)
                let wire = plc.lastWire
                let header = try #require(try FixedHeader.read(wire.span, at: 0, version: .v5))
                let packet = try AcknowledgementPacket(wire.span, header, .v5, from: .server)
                #expect(packet.reason == .quotaExceeded)
                #expect((packet.reasonString != nil) == isThere)
            }
        }
    }
}
