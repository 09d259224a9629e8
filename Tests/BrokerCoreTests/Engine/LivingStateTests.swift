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

    /// Few things of many bytes: texts that are sorted, and a share's, which is written with each delivery.
    @Test func longTextsAreNotGiven() {
        scene { scene in
            let db = scene.client("db")
            db.resume()
            let long = String(repeating: "x", count: 50_000)
            db.subscribe(long + "/1", long + "/2")
            #expect(scene.engine.livingState() != nil)
            db.subscribe(long + "/3")
            #expect(scene.engine.livingState() == nil)
        }
        scene { scene in
            let db = scene.client("db")
            let plc = scene.client("plc")
            db.resume()
            plc.resume()
            let name = String(repeating: "x", count: 50_000)
            db.subscribe("$share/\(name)/t")
            db.lose()
            for id in 1...20 as ClosedRange<UInt16> { plc.publishWhole("t", id: PacketID(id)) }
            #expect(scene.engine.livingState() != nil)
            plc.publishWhole("t", id: 21)
            #expect(scene.engine.livingState() == nil)
        }
    }

    /// What was large once has to be walked.
    @Test func longTablesAreNotGiven() {
        scene { scene in
            for name in ["a", "b"] {
                #expect(scene.engine.livingState() != nil)
                scene.client(name).resume()
                let session = scene.engine.broker.state.session(of: ClientID(name))!
                for id in 1...40_000 as ClosedRange<UInt16> {
                    let message = MessageID(place: 0)
                    scene.engine.broker.state[session].inbound.store(message, under: PacketID(id))
                }
                for id in 1...40_000 as ClosedRange<UInt16> {
                    scene.engine.broker.state[session].inbound.release(PacketID(id))
                }
            }
            #expect(scene.engine.livingState() == nil)
        }
    }

    /// By which the next checkpoint is due.
    @Test(arguments: [0, 40, 300])
    func theSizeIsKnownWithoutWriting(_ payload: Int) throws {
        try scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.resume()
            db.resume()
            for number in 1...30 { db.subscribe("line/\(number)/temperature") }
            db.lose()
            let body = String(repeating: "x", count: payload)
            for id in 1...200 as ClosedRange<UInt16> {
                plc.publishWhole("line/7/temperature", body, id: PacketID(id))
            }
            for number in 1...100 { plc.publish("retained/\(number)", body, qos: 0, retain: true) }
            let records = scene.engine.livingState()
            let written = try #require(records).joined().count
            let known = scene.engine.stateSize
            #expect(written * 9 / 10...written * 11 / 10 ~= known)
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
