// SPDX-License-Identifier: Apache-2.0
// Two wishes of operators about QoS: that it is raised to what was granted, and that QoS 0 waits
// for durable sessions that are away.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct OutgoingQoSTests {
    private var upgrading: Limits {
        var limits = Limits()
        limits.upgradesOutgoingQoS = true
        return limits
    }

    private var queueing: Limits {
        var limits = Limits()
        limits.queuesQoS0 = true
        return limits
    }

    @Test func theGrantedQoSIsUsedWhereTheOperatorWantsIt() throws {
        try scene(upgrading) { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume()
            db.subscribe("t", qos: 2)
            plc.publish("t", "0")
            #expect(db.received() == [.publish("t", "0", qos: 2, id: 1)])
            try scene.crash()
            db.resume()
            #expect(db.received() == [])  // It was read with CONNACK.
            #expect(db.pubrec(1) == [.pubrel(1)])
            #expect(db.pubcomp(1) == [])
        }
    }

    /// Its identifier must be durable before it leaves.
    @Test func aRaisedMessageWaitsForItsFact() {
        scene(upgrading) { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume()
            db.subscribe("t", qos: 2)
            scene.home.isLate = true
            plc.publish("t", "0")
            #expect(db.received() == [])
            scene.commit()
            #expect(db.received() == [.publish("t", "0", qos: 2, id: 1)])
        }
    }

    /// QoS 0 has no answer that could refuse it.
    @Test func aFullQueueDropsRaisedQoS0AndCountsIt() {
        var limits = upgrading
        limits.waitingMax = 2
        scene(limits) { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume()
            db.subscribe("t", qos: 1)
            db.lose()
            for number in 1...5 { plc.publish("t", "\(number)") }
            #expect(scene.engine.broker.status.queued == 2)
            let reason = Int(DropReason.queueFull.rawValue)
            #expect(scene.engine.broker.metrics.dropped[reason] == 3)
        }
    }

    @Test func qos0WaitsForDurableSessionsInOrder() throws {
        try scene(queueing) { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume(window: 1)
            db.subscribe("t", qos: 1)
            db.lose()
            plc.publish("t", "1")
            plc.publish("t", "2", qos: 1, id: 1)
            plc.publish("t", "3", qos: 1, id: 1)
            plc.publish("t", "4")
            try scene.crash()
            let again = scene.client("plc")
            again.connect()
            #expect(
                db.resume(window: 1) == [
                    .connack(present: true), .publish("t", "1"),
                    .publish("t", "2", qos: 1, id: 1),
                ])
            // What comes now stays behind what waits.
            again.publish("t", "5")
            #expect(db.received() == [])
            #expect(
                db.puback(1) == [
                    .publish("t", "3", qos: 1, id: 2), .publish("t", "4"), .publish("t", "5"),
                ])
        }
    }

    @Test func nothingWaitsForWhoComesBackAsSomebodyNew() {
        scene(queueing) { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect()
            db.subscribe("t", qos: 0)
            plc.publish("t", "1")
            #expect(db.received() == [.publish("t", "1")])
            db.lose()
            plc.publish("t", "2")
            #expect(scene.engine.broker.status.queued == 0)
        }
    }

    @Test func withoutTheWishNothingWaits() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume()
            db.subscribe("t", qos: 1)
            db.lose()
            plc.publish("t", "1")
            #expect(db.resume() == [.connack(present: true)])
        }
    }
}
