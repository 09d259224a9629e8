// SPDX-License-Identifier: Apache-2.0
// What time brings, on a clock that only the test moves: keep alive, CONNECT that never comes,
// sessions that expire.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct DeadlineTests {
    @Test func whoNeverConnectsIsClosed() {
        scene { scene in
            let plc = scene.client("plc")
            plc.open()
            scene.pass(.seconds(29))
            #expect(plc.received() == [])
            scene.pass(.seconds(1))
            #expect(plc.received() == [.closed])
            #expect(scene.engine.broker.metrics.connectionsRefused == 1)
        }
    }

    /// [MQTT-3.1.2-22]: one and a half times the keep alive.
    @Test func silenceBeyondTheKeepAliveEndsTheConnection() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc", version)
                plc.connect(keepAlive: 10)
                scene.pass(.milliseconds(14_999))
                #expect(plc.received() == [])
                scene.pass(.milliseconds(1))
                #expect(plc.received() == farewell(.keepAliveTimeout, version))
                #expect(
                    scene.takeNotes().contains(
                        .disconnected(
                            ClientID("plc"), .keepAlive(seconds: 10), willPublished: false)))
            }
        }
    }

    @Test func everyPacketPutsTheKeepAliveOff() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect(keepAlive: 10)
            for _ in 0..<5 {
                scene.pass(.seconds(14))
                #expect(plc.ping() == [.pingresp])
                scene.pass(.seconds(14))
                #expect(plc.publish("t") == [])
            }
            scene.pass(.seconds(15))
            #expect(plc.received() == [.disconnect(.keepAliveTimeout), .closed])
        }
    }

    @Test func keepAliveZeroWaitsForEver() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect(keepAlive: 0)
            scene.pass(.seconds(10 * 86_400))
            #expect(plc.received() == [])
            #expect(plc.ping() == [.pingresp])
        }
    }

    @Test func theServersKeepAliveRulesInMQTT5() {
        var limits = Limits()
        limits.keepAliveMax = 20
        scene(limits) { scene in
            let plc = scene.client("plc")
            plc.connect(keepAlive: 0)
            scene.pass(.seconds(30))
            #expect(plc.received() == [.disconnect(.keepAliveTimeout), .closed])
        }
    }

    @Test func aSessionExpiresWhenItsTimeIsOver() {
        scene { scene in
            let db = scene.client("db")
            let plc = scene.client("plc")
            plc.connect()
            db.resume(expiry: 60)
            db.subscribe("t")
            db.disconnect()
            plc.publish("t", "a", qos: 1, id: 1)
            scene.pass(.seconds(59))
            #expect(db.resume(expiry: 60).first == .connack(present: true))
            db.lose()
            scene.pass(.seconds(59))
            #expect(scene.engine.broker.status.sessions == 2)
            scene.pass(.seconds(1))
            #expect(scene.engine.broker.status.sessions == 1)
            #expect(scene.engine.broker.status.messages == 0)
            #expect(scene.takeNotes().contains(.sessionEnded(ClientID("db"), expired: true)))
            #expect(scene.engine.broker.metrics.dropped[Int(DropReason.sessionEnded.rawValue)] == 1)
            #expect(db.resume(expiry: 60) == [.connack(present: false)])
        }
    }

    @Test func aSessionDoesNotExpireWhileItIsConnected() {
        scene { scene in
            let db = scene.client("db")
            db.resume(expiry: 10)
            scene.pass(.seconds(3))
            db.lose()
            scene.pass(.seconds(9))
            db.resume(expiry: 10)
            scene.pass(.seconds(1000))
            db.lose()
            scene.pass(.seconds(9))
            #expect(db.resume(expiry: 10) == [.connack(present: true)])
        }
    }

    /// MQTT 3.1.1 has no expiry: the operator's bound holds.
    @Test func aSessionOfMQTT3IsKeptAsLongAsTheOperatorAllows() {
        scene { scene in
            let db = scene.client("db", .v311)
            db.resume()
            db.disconnect()
            scene.pass(.seconds(7 * 86_400 - 1))
            #expect(db.resume() == [.connack(present: true)])
            db.disconnect()
            scene.pass(.seconds(7 * 86_400))
            #expect(db.resume() == [.connack(present: false)])
        }
    }

    @Test func aSessionThatNeverExpiresStays() {
        var limits = Limits()
        limits.sessionExpiryMax = .never
        let scene = Scene(limits)
        let db = scene.client("db")
        db.connect(clean: true, expiry: .max)
        db.lose()
        scene.pass(.seconds(3_000_000_000))
        #expect(db.connect(clean: false) == [.connack(present: true)])
        scene.expectSound()
        scene.expectEnd()
    }
}
