// SPDX-License-Identifier: Apache-2.0
// Retained messages: kept, replaced, taken back, and sent to who subscribes.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct RetainedTests {
    @Test func theLastOneIsSentToWhoSubscribesLater() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc", version)
                plc.connect()
                plc.publish("t", "old", qos: 1, id: 1, retain: true)
                plc.publish("t", "new", qos: 1, id: 1, retain: true)
                plc.publish("t", "passing", qos: 1, id: 1)
                let db = scene.client("db", version)
                db.connect()
                #expect(
                    db.subscribe("t") == [
                        .suback([.grantedQoS2]),
                        .publish("t", "new", qos: 1, id: 1, retain: true),
                    ])
                #expect(scene.engine.broker.status.retained == 1)
            }
        }
    }

    /// [MQTT-3.3.1-6], [MQTT-3.3.1-11]
    @Test func anEmptyPayloadTakesItBack() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect()
            db.subscribe("t")
            plc.publish("t", "x", retain: true)
            plc.publish("t", "", retain: true)
            #expect(db.received() == [.publish("t", "x"), .publish("t", "")])
            #expect(db.subscribe("t") == [.suback([.grantedQoS2])])
            plc.publish("never/seen", "", retain: true)
            #expect(scene.engine.broker.status.retained == 0)
            #expect(scene.engine.broker.status.messages == 0)
        }
    }

    @Test func aQoS2MessageIsRetainedAtPubrel() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc", version)
                plc.connect()
                #expect(plc.publish("t", "x", qos: 2, id: 1, retain: true) == [.pubrec(1)])
                let early = scene.client("early")
                early.connect()
                #expect(early.subscribe("t") == [.suback([.grantedQoS2])])
                #expect(plc.pubrel(1) == [.pubcomp(1)])
                #expect(early.received() == [.publish("t", "x", qos: 2, id: 1)])
                let late = scene.client("late")
                late.connect()
                #expect(
                    late.subscribe("t") == [
                        .suback([.grantedQoS2]),
                        .publish("t", "x", qos: 2, id: 1, retain: true),
                    ])
            }
        }
    }

    @Test func theQoSIsTheLowerOfBoth() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            plc.publish("zero", "x", retain: true)
            plc.publish("one", "x", qos: 1, id: 1, retain: true)
            let db = scene.client("db")
            db.connect()
            #expect(
                db.subscribe("zero", qos: 2)
                    == [.suback([.grantedQoS2]), .publish("zero", "x", retain: true)])
            #expect(
                db.subscribe("one", qos: 0)
                    == [.suback([.grantedQoS0]), .publish("one", "x", retain: true)])
        }
    }

    /// [MQTT-3.3.1-9] to [MQTT-3.3.1-11]
    @Test func retainHandlingDecidesWhatASubscriptionBrings() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume()
            plc.publish("t", "x", retain: true)
            let granted = Packet.suback([.grantedQoS2])
            let message = Packet.publish("t", "x", retain: true)
            #expect(db.subscribe("t", retained: .doNotSend) == [granted])
            #expect(db.subscribe("t", retained: .sendIfNew) == [granted])
            #expect(db.subscribe("t", retained: .send) == [granted, message])
            db.unsubscribe("t")
            #expect(db.subscribe("t", retained: .sendIfNew) == [granted, message])
            db.disconnect()
            db.resume()
            #expect(db.subscribe("t", retained: .sendIfNew) == [granted])
        }
    }

    @Test func theIdentifierOfTheSubscriptionGoesWithIt() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect()
            db.subscribe("#", identifier: 1)
            plc.publish("t", "x", retain: true)
            _ = db.received()
            #expect(
                db.subscribe("t", identifier: 7) == [
                    .suback([.grantedQoS2]),
                    .publish("t", "x", retain: true, identifiers: [7]),
                ])
        }
    }

    @Test func everyFilterOfOneSubscribeBringsItsOwn() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect()
            plc.publish("a", "1", retain: true)
            plc.publish("b", "2", retain: true)
            let received = db.subscribe("a", "b", "+")
            let first = Packet.publish("a", "1", retain: true)
            let second = Packet.publish("b", "2", retain: true)
            #expect(received.count == 5)
            #expect(received.first == .suback([.grantedQoS2, .grantedQoS2, .grantedQoS2]))
            #expect(received.filter { $0 == first }.count == 2)
            #expect(received.filter { $0 == second }.count == 2)
        }
    }

    /// They keep to the window as all deliveries do.
    @Test func retainedMessagesKeepWithinTheWindow() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect(window: 1)
            for number in 1...3 {
                plc.publish("t/\(number)", "\(number)", qos: 1, id: 1, retain: true)
            }
            #expect(db.subscribe("t/+").count == 2)
            #expect(scene.engine.broker.status.queued == 2)
            #expect(db.puback(1).count == 1)
            #expect(db.puback(2).count == 1)
            #expect(db.puback(3).count == 0)
        }
    }

    @Test func aRetainedMessageOutlivesItsPublisher() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            plc.publish("t", "x", qos: 2, id: 1, retain: true)
            plc.pubrel(1)
            plc.disconnect()
            #expect(scene.engine.broker.status.sessions == 0)
            let db = scene.client("db")
            db.resume()
            db.subscribe("t")
            #expect(scene.engine.broker.status.retained == 1)
            // Replaced while a durable session still waits for the old one.
            plc.connect()
            plc.publish("t", "y", retain: true)
            db.lose()
            #expect(
                db.resume() == [
                    .connack(present: true),
                    .publish("t", "x", qos: 2, id: 1, dup: true, retain: true),
                ])
        }
    }

    @Test func anExpiredOneIsNotSentAnyMore() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            plc.publish("t", "x", retain: true, expiry: 10)
            scene.pass(.seconds(9))
            let db = scene.client("db")
            db.connect()
            #expect(
                db.subscribe("t")
                    == [.suback([.grantedQoS2]), .publish("t", "x", retain: true, expiry: 1)])
            scene.pass(.seconds(1))
            #expect(db.subscribe("t") == [.suback([.grantedQoS2])])
        }
    }
}
