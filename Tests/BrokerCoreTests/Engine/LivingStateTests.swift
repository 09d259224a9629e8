// SPDX-License-Identifier: Apache-2.0
// The state that a checkpoint is made of where it is small. That it is what the journal would give is
// part of every scene's end.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct LivingStateTests {
    @Test func whatIsNotCommittedIsNotGiven() {
        scene { scene in
            let plc = scene.client("plc")
            plc.resume()
            #expect(scene.engine.livingState() != nil)
            scene.home.isLate = true
            #expect(plc.publish("t", "a", qos: 2, id: 1) == [])
            #expect(scene.engine.livingState() != nil, "it is on its way to the disk")
            #expect(plc.publish("t", "b", qos: 2, id: 2) == [])
            #expect(scene.engine.livingState() == nil, "the second waits for the first")
            scene.home.isLate = false
            scene.commit()
            #expect(plc.received() == [.pubrec(1), .pubrec(2)])
            #expect(scene.engine.livingState() != nil)
        }
    }

    @Test func tooMuchIsNotGiven() {
        scene { scene in
            let plc = scene.client("plc")
            plc.resume()
            let half = String(repeating: "x", count: 1 << 19)
            #expect(plc.publish("t", half, qos: 2, id: 1) == [.pubrec(1)])
            #expect(scene.engine.livingState()?.joined().count ?? 0 > 1 << 19)
            #expect(plc.publish("t", half, qos: 2, id: 2) == [.pubrec(2)])
            #expect(scene.engine.livingState() == nil)
            #expect(plc.pubrel(1) == [.pubcomp(1)])
            #expect(scene.engine.livingState() != nil)
        }
    }

    @Test func tooManyAreNotGiven() {
        scene { scene in
            let db = scene.client("db")
            db.resume()
            for number in 0..<4095 { db.subscribe("t/\(number)") }
            #expect(scene.engine.livingState() == nil)
            db.unsubscribe("t/0")
            #expect(scene.engine.livingState() != nil)
        }
    }
}
