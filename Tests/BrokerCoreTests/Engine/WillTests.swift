// SPDX-License-Identifier: Apache-2.0
// Wills: published for every end of a connection but the proper one, at once or after their delay.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct WillTests {
    private func will(
        qos: Int = 0, retain: Bool = false, delay: UInt32? = nil, expiry: UInt32? = nil
    ) -> WillEncoder {
        WillEncoder(
            topic: "w", payload: Array("gone".utf8), qos: QoS(qos), retain: retain, delay: delay,
            messageExpiry: expiry,
            properties: MessageProperties(userProperties: [UserProperty("why", "lost")]))
    }

    private let gone = Packet.publish("w", "gone", userProperties: [UserProperty("why", "lost")])

    /// A scene with somebody who waits for wills.
    private func watched(
        _ version: ProtocolVersion = .v5, _ play: (Scene, Client, Client) -> Void
    ) {
        scene { scene in
            let watcher = scene.client("watcher")
            watcher.connect()
            watcher.subscribe("w")
            play(scene, watcher, scene.client("plc", version))
        }
    }

    @Test func aProperDisconnectForgetsTheWill() {
        for version in versions {
            watched(version) { scene, watcher, plc in
                plc.connect(will: will())
                plc.disconnect()
                #expect(watcher.received() == [])
                plc.resume(will: will())
                plc.disconnect()
                scene.pass(.seconds(10_000))
                #expect(watcher.received() == [])
            }
        }
    }

    @Test func disconnectCanAskForTheWill() {
        watched { _, watcher, plc in
            plc.connect(will: will())
            plc.disconnect(.disconnectWithWillMessage)
            #expect(watcher.received() == [gone])
        }
    }

    @Test func aLostConnectionPublishesTheWill() {
        for version in versions {
            watched(version) { scene, watcher, plc in
                for isKept in [false, true] {
                    if isKept { plc.resume(will: will()) } else { plc.connect(will: will()) }
                    plc.lose()
                    var expected = gone
                    if version == .v311 { expected = .publish("w", "gone") }
                    #expect(watcher.received() == [expected])
                    #expect(
                        scene.takeNotes().contains(
                            .disconnected(
                                ClientID("plc"), .connectionLost("connection reset"),
                                willPublished: true)))
                }
            }
        }
    }

    @Test func silenceAndViolationsPublishTheWill() {
        watched { scene, watcher, plc in
            plc.connect(keepAlive: 2, will: will())
            scene.pass(.seconds(3))
            #expect(plc.received() == [.disconnect(.keepAliveTimeout), .closed])
            #expect(watcher.received() == [gone])
            plc.connect(will: will())
            plc.send([0xFF, 0xFF])
            #expect(watcher.received() == [gone])
        }
    }

    @Test func theWillHasItsQoSAndIsRetained() {
        for qos in 0...2 {
            watched { scene, watcher, plc in
                plc.resume(will: will(qos: qos, retain: true))
                plc.lose()
                #expect(
                    watcher.received() == [
                        .publish(
                            "w", "gone", qos: qos, id: qos == 0 ? nil : 1,
                            userProperties: [UserProperty("why", "lost")])
                    ])
                #expect(scene.engine.broker.status.retained == 1)
            }
        }
    }

    @Test func aDelayedWillWaits() {
        watched { scene, watcher, plc in
            plc.resume(expiry: 100, will: will(qos: 1, delay: 10))
            plc.lose()
            scene.pass(.seconds(9))
            #expect(watcher.received() == [])
            scene.pass(.seconds(1))
            #expect(watcher.received().count == 1)
            scene.pass(.seconds(200))
            #expect(watcher.received() == [])
        }
    }

    /// [MQTT-3.1.3-9]
    @Test func whoComesBackInTimeTakesTheWillBack() {
        watched { scene, watcher, plc in
            plc.resume(expiry: 100, will: will(delay: 10))
            plc.lose()
            scene.pass(.seconds(9))
            plc.resume(expiry: 100)
            scene.pass(.seconds(1000))
            #expect(watcher.received() == [])
            plc.lose()
            scene.pass(.seconds(1000))
            #expect(watcher.received() == [])
        }
    }

    @Test func theEndOfTheSessionDoesNotWaitForTheDelay() {
        watched { scene, watcher, plc in
            plc.resume(expiry: 5, will: will(delay: 60))
            plc.lose()
            scene.pass(.seconds(4))
            #expect(watcher.received() == [])
            scene.pass(.seconds(1))
            #expect(watcher.received() == [gone])
            // A session that ends with its connection.
            plc.connect(will: will(delay: 60))
            plc.lose()
            #expect(watcher.received() == [gone])
            // A clean start while it waits.
            plc.resume(expiry: 100, will: will(delay: 60))
            plc.lose()
            #expect(watcher.received() == [])
            plc.connect(clean: true)
            #expect(watcher.received() == [gone])
        }
    }

    /// Its expiry begins when it is published. 3.1.3.2.4
    @Test func theExpiryBeginsWithThePublication() {
        watched { scene, watcher, plc in
            let expected = Packet.publish(
                "w", "gone", expiry: 30, userProperties: [UserProperty("why", "lost")])
            plc.resume(expiry: 10_000, will: will(delay: 60, expiry: 30))
            scene.pass(.seconds(3600))
            plc.lose()
            scene.pass(.seconds(60))
            #expect(watcher.received() == [expected])
            plc.connect(will: will(expiry: 30))
            scene.pass(.seconds(3600))
            plc.lose()
            #expect(watcher.received() == [expected])
        }
    }

    @Test func ofTwoWillsTheOneOfTheLastConnectionCounts() {
        watched { _, watcher, plc in
            plc.resume(will: WillEncoder(topic: "w", payload: [0x31], qos: .exactlyOnce))
            plc.disconnect()
            plc.resume(will: WillEncoder(topic: "w", payload: [0x32], qos: .atMostOnce))
            plc.lose()
            #expect(watcher.received() == [.publish("w", "2")])
        }
    }

    @Test func ownWillsCanBeWaitedFor() {
        scene { scene in
            let plc = scene.client("plc")
            plc.resume(will: will(qos: 1))
            plc.subscribe("w")
            plc.lose()
            #expect(
                plc.resume() == [
                    .connack(present: true),
                    .publish(
                        "w", "gone", qos: 1, id: 1, userProperties: [UserProperty("why", "lost")]),
                ])
        }
    }
}
