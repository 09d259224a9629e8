// SPDX-License-Identifier: Apache-2.0
// Message Expiry: what is left of it is handed on, and what has expired is dropped and counted.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct ExpiryTests {
    /// [MQTT-3.3.2-6]
    @Test func whatIsLeftIsHandedOn() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume(expiry: 10_000)
            db.subscribe("t")
            plc.publish("t", "now", qos: 1, id: 1, expiry: 60)
            #expect(db.received() == [.publish("t", "now", qos: 1, id: 1, expiry: 60)])
            db.puback(1)
            db.lose()
            plc.publish("t", "later", qos: 1, id: 1, expiry: 60)
            scene.pass(.milliseconds(19_500))
            // A second that has begun is not over.
            #expect(
                db.resume(expiry: 10_000) == [
                    .connack(present: true), .publish("t", "later", qos: 1, id: 2, expiry: 41),
                ])
        }
    }

    @Test func mqtt3HearsNothingOfIt() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db", .v311)
            plc.connect()
            db.connect()
            db.subscribe("t")
            plc.publish("t", "x", expiry: 60)
            #expect(db.received() == [.publish("t", "x")])
        }
    }

    /// [MQTT-3.3.2-5]
    @Test func whatExpiredWhileItWaitedIsDroppedAndCounted() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc")
                let db = scene.client("db", version)
                plc.connect()
                db.resume(expiry: 10_000)
                db.subscribe("t")
                db.lose()
                plc.publish(
                    "t", "a", qos: 1, id: 1, expiry: 10,
                    userProperties: [UserProperty("stream", "line"), UserProperty("seq", "5")])
                plc.publish("t", "b", qos: 1, id: 1, expiry: 100)
                plc.publish("t", "c", qos: 1, id: 1, expiry: 10)
                plc.publish("t", "d", qos: 1, id: 1)
                scene.pass(.seconds(10))
                _ = scene.takeNotes()
                #expect(
                    db.resume(expiry: 10_000) == [
                        .connack(present: true),
                        .publish("t", "b", qos: 1, id: 1, expiry: version == .v5 ? 90 : nil),
                        .publish("t", "d", qos: 1, id: 2),
                    ])
                #expect(scene.engine.broker.metrics.dropped[Int(DropReason.expired.rawValue)] == 2)
                let drops = scene.takeNotes().filter {
                    if case .dropped = $0 { true } else { false }
                }
                let client = ClientID("db")
                let label = MessageLabel(text: "line/5")
                #expect(
                    drops == [
                        .dropped(.expired, client: client, message: label, count: 1),
                        .dropped(.expired, client: client, message: nil, count: 1),
                    ])
            }
        }
    }

    /// A delivery that has begun is brought to its end.
    @Test func whatIsInFlightIsRepeatedHoweverOld() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume(expiry: 10_000)
            db.subscribe("t")
            plc.publish("t", "a", qos: 1, id: 1, expiry: 10)
            db.lose()
            scene.pass(.seconds(20))
            #expect(
                db.resume(expiry: 10_000) == [
                    .connack(present: true),
                    .publish("t", "a", qos: 1, id: 1, dup: true, expiry: 0),
                ])
        }
    }

    /// The time between PUBLISH and PUBREL counts.
    @Test func whatExpiredBeforePubrelIsNotHandedOn() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            let absent = scene.client("absent")
            plc.connect()
            absent.resume(expiry: 10_000)
            absent.subscribe("t")
            absent.lose()
            db.connect()
            db.subscribe("t")
            plc.publish("t", "a", qos: 2, id: 1, expiry: 10)
            scene.pass(.seconds(11))
            #expect(plc.pubrel(1) == [.pubcomp(1)])
            #expect(db.received() == [])
            #expect(scene.engine.broker.metrics.dropped[Int(DropReason.expired.rawValue)] == 2)
            #expect(scene.engine.broker.status.queued == 0)
        }
    }

    /// An expiry of 0 is for those who are there.
    @Test func anExpiryOfZeroDoesNotWait() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            let absent = scene.client("absent")
            plc.connect()
            absent.resume()
            absent.subscribe("t")
            absent.lose()
            db.connect()
            db.subscribe("t")
            plc.publish("t", "a", qos: 1, id: 1, expiry: 0)
            #expect(db.received() == [.publish("t", "a", qos: 1, id: 1, expiry: 0)])
            #expect(absent.resume() == [.connack(present: true)])
        }
    }
}
