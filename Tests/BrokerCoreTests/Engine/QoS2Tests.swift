// SPDX-License-Identifier: Apache-2.0
// The conversation that everything is for: one QoS 2 message from a publisher to its receivers.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct QoS2Tests {
    @Test func aMessageIsReleasedByPubrelAndNotBefore() {
        for (publisher, receiver) in everyPairOfVersions() {
            scene { scene in
                let plc = scene.client("plc", publisher)
                let db = scene.client("db", receiver)
                plc.connect()
                db.connect()
                #expect(db.subscribe("sensor/#") == [.suback([.grantedQoS2])])

                #expect(plc.publish("sensor/data", "21", qos: 2, id: 7) == [.pubrec(7)])
                #expect(db.received() == [])
                #expect(plc.pubrel(7) == [.pubcomp(7)])
                #expect(db.received() == [.publish("sensor/data", "21", qos: 2, id: 1)])
                #expect(db.pubrec(1) == [.pubrel(1)])
                #expect(db.pubcomp(1) == [])
                #expect(plc.received() == [])
            }
        }
    }

    @Test func aRepeatedPublishIsAcknowledgedEachTimeAndDeliveredOnce() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc", version)
                let db = scene.client("db", version)
                plc.resume()
                db.connect()
                db.subscribe("t")
                #expect(plc.publish("t", "x", qos: 2, id: 7) == [.pubrec(7)])
                for _ in 0..<40 {
                    #expect(plc.publish("t", "x", qos: 2, id: 7, dup: true) == [.pubrec(7)])
                }
                plc.lose()
                plc.resume()
                #expect(plc.publish("t", "x", qos: 2, id: 7, dup: true) == [.pubrec(7)])
                #expect(plc.pubrel(7) == [.pubcomp(7)])
                #expect(db.received() == [.publish("t", "x", qos: 2, id: 1)])
                #expect(scene.engine.broker.metrics.duplicatesSuppressed == 41)
            }
        }
    }
}
