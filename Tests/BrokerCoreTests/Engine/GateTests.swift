// SPDX-License-Identifier: Apache-2.0
// What may leave when: a home that commits late shows that every answer waits for its fact, and
// that what promises nothing waits for nobody.
import Journal
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct GateTests {
    @Test func connackWaitsForTheSession() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc", version)
                scene.home.isLate = true
                #expect(plc.resume() == [])
                scene.commit()
                #expect(plc.received() == [.connack()])
                plc.lose()
                // The end of the connection is a fact of its own.
                scene.commit()
                #expect(plc.resume() == [])
                scene.commit()
                #expect(plc.received() == [.connack(present: true)])
            }
        }
    }

    /// Those who go while others wait leave no trace among them, also where others take their places.
    @Test func manyMayGoWhileTheirAnswersWait() {
        scene { scene in
            let clients = (0..<20).map { scene.client("plc\($0)") }
            scene.home.isLate = true
            for client in clients { #expect(client.resume() == []) }
            let gone = [0, 19, 7, 8, 18, 3]
            for number in gone { clients[number].lose() }
            let late = (0..<3).map { scene.client("late\($0)") }
            for client in late { #expect(client.resume() == []) }
            scene.commitAll()
            for number in clients.indices where !gone.contains(number) {
                #expect(clients[number].received() == [.connack()])
            }
            for client in late { #expect(client.received() == [.connack()]) }
        }
    }

    @Test func subackAndUnsubackWaitForTheSubscription() {
        scene { scene in
            let db = scene.client("db")
            db.resume()
            scene.home.isLate = true
            #expect(db.subscribe("t") == [])
            scene.commit()
            #expect(db.received() == [.suback([.grantedQoS2])])
            #expect(db.unsubscribe("t") == [])
            scene.commit()
            #expect(db.received() == [.unsuback([.success])])
        }
    }

    @Test func everyStepOfAQoS2MessageWaitsForItsFact() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc", version)
                let db = scene.client("db", version)
                plc.resume()
                db.resume()
                db.subscribe("t")
                scene.home.isLate = true
                // PUBREC for `accepted`
                #expect(plc.publish("t", "x", qos: 2, id: 7) == [])
                // A repeat must not be acknowledged while the first is still on its way.
                #expect(plc.publish("t", "x", qos: 2, id: 7, dup: true) == [])
                scene.commit()
                #expect(plc.received() == [.pubrec(7), .pubrec(7)])
                // PUBCOMP and PUBLISH for `released`
                #expect(plc.pubrel(7) == [])
                #expect(db.received() == [])
                scene.commit()
                #expect(plc.received() == [.pubcomp(7)])
                #expect(db.received() == [.publish("t", "x", qos: 2, id: 1)])
                // PUBREL for `acknowledged`
                #expect(db.pubrec(1) == [])
                scene.commit()
                #expect(db.received() == [.pubrel(1)])
                #expect(db.pubcomp(1) == [])
            }
        }
    }

    @Test func aDeliveryThatWaitedWaitsForItsIdentifier() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume(window: 1)
            db.subscribe("t")
            plc.publish("t", "a", qos: 1, id: 1)
            plc.publish("t", "b", qos: 1, id: 1)
            _ = db.received()
            scene.home.isLate = true
            // `completed` and `sent`
            #expect(db.puback(1) == [])
            scene.commit()
            #expect(db.received() == [.publish("t", "b", qos: 1, id: 2)])
        }
    }

    @Test func pubackWaitsForTheMessageToBeRouted() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume()
            db.subscribe("t")
            scene.home.isLate = true
            #expect(plc.publish("t", "x", qos: 1, id: 7) == [])
            #expect(db.received() == [])
            scene.commit()
            #expect(plc.received() == [.puback(7)])
            #expect(db.received() == [.publish("t", "x", qos: 1, id: 1)])
        }
    }

    /// A retained message is durable, whoever published it.
    @Test func pubackWaitsForTheMessageToBeRetained() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            scene.home.isLate = true
            #expect(plc.publish("t", "x", qos: 1, id: 7, retain: true) == [])
            scene.commit()
            #expect(plc.received() == [.puback(7)])
        }
    }

    @Test func nothingWaitsForTheReceiversEnd() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume()
            db.subscribe("t", qos: 1)
            plc.publish("t", "x", qos: 1, id: 7)
            _ = db.received()
            scene.home.isLate = true
            #expect(db.puback(1) == [])
            #expect(db.ping() == [.pingresp])
        }
    }

    /// A session that lasts, and two that end with their connections, of which `db` gets `t`.
    private func trio(
        qos: Int, window: UInt16? = nil,
        _ play: (Scene, _ durable: Client, _ plc: Client, _ db: Client) -> Void
    ) {
        scene { scene in
            let durable = scene.client("durable")
            let plc = scene.client("plc")
            let db = scene.client("db")
            durable.resume()
            plc.connect()
            db.connect(window: window)
            db.subscribe("t", qos: qos)
            play(scene, durable, plc, db)
        }
    }

    @Test func pingrespAndQoS0WaitForNoBatchOfOthers() {
        trio(qos: 0) { scene, durable, plc, db in
            scene.home.isLate = true
            #expect(durable.publish("u", "x", qos: 2, id: 1) == [])
            #expect(plc.ping() == [.pingresp])
            #expect(plc.publish("t", "x") == [])
            #expect(db.received() == [.publish("t", "x")])
            // On one connection the order is kept.
            #expect(durable.ping() == [])
            scene.commit()
            #expect(durable.received() == [.pubrec(1), .pingresp])
        }
    }

    /// Nothing that such sessions are told follows from what is on its way to the disk.
    @Test func sessionsThatEndWaitForNoBatchOfOthers() {
        trio(qos: 2) { scene, durable, plc, db in
            scene.home.isLate = true
            #expect(durable.publish("u", "x", qos: 2, id: 1) == [])
            #expect(plc.publish("t", "x", qos: 2, id: 1) == [.pubrec(1)])
            #expect(plc.pubrel(1) == [.pubcomp(1)])
            #expect(db.received() == [.publish("t", "x", qos: 2, id: 1)])
            #expect(db.pubrec(1) == [.pubrel(1)])
            #expect(plc.publish("t", "y", qos: 1, id: 2) == [.puback(2)])
            scene.commit()
            #expect(durable.received() == [.pubrec(1)])
        }
    }

    /// But what others have promised reaches them no sooner: neither at once nor out of a queue.
    @Test func sessionsThatEndWaitForWhatIsPromisedToOthers() {
        trio(qos: 2, window: 1) { scene, durable, plc, db in
            plc.publishWhole("t", "1", id: 1)
            #expect(db.received() == [.publish("t", "1", qos: 2, id: 1)])
            durable.publish("t", "2", qos: 2, id: 1)
            scene.home.isLate = true
            #expect(durable.pubrel(1) == [])
            // It has waited in the queue, and its release is not on the disk yet.
            #expect(db.pubrec(1) == [.pubrel(1)])
            #expect(db.pubcomp(1) == [])
            scene.commit()
            #expect(durable.received() == [.pubcomp(1)])
            #expect(db.received() == [.publish("t", "2", qos: 2, id: 2)])
            // A publisher that ends, to a receiver that lasts.
            durable.subscribe("u", qos: 2)
            scene.commitAll()
            #expect(durable.received() == [.suback([.grantedQoS2])])
            scene.home.isLate = true
            #expect(plc.publish("u", "3", qos: 2, id: 3) == [.pubrec(3)])
            #expect(plc.pubrel(3) == [])
            #expect(durable.received() == [])
            scene.commit()
            #expect(plc.received() == [.pubcomp(3)])
            #expect(durable.received() == [.publish("u", "3", qos: 2, id: 1)])
        }
    }

    /// What arrives while a batch is in flight is the next one.
    @Test func oneBatchIsInFlightAndTheNextOneGathers() {
        scene { scene in
            let plc = scene.client("plc")
            plc.resume()
            scene.home.isLate = true
            let before = scene.home.batches.count
            for id in 1...5 as ClosedRange<UInt16> {
                #expect(plc.publish("t", "x", qos: 2, id: PacketID(id)) == [])
            }
            #expect(scene.home.batches.count == before + 1)
            scene.commit()
            #expect(plc.received() == [.pubrec(1)])
            #expect(scene.home.batches.count == before + 2)
            scene.commit()
            #expect(plc.received() == [.pubrec(2), .pubrec(3), .pubrec(4), .pubrec(5)])
            #expect(scene.home.batches.count == before + 2)
        }
    }

    @Test func disconnectComesBehindWhatWasSaidBefore() {
        scene { scene in
            let plc = scene.client("plc")
            plc.resume()
            scene.home.isLate = true
            #expect(plc.publish("t", "x", qos: 2, id: 1) == [])
            #expect(plc.send([0x20, 0]) == [])
            #expect(plc.isOpen)
            scene.commit()
            #expect(plc.received() == [.pubrec(1), .disconnect(.protocolError), .closed])
        }
    }

    /// Sessions that end with their connection cost no record and no sync.
    @Test func trafficWithoutDurableSessionsJournalsNothing() {
        scene { scene in
            let will = WillEncoder(topic: "t", payload: [0x78], qos: .exactlyOnce)
            for version in versions {
                let plc = scene.client("plc", version)
                let db = scene.client("db", version)
                plc.connect(will: will)
                db.connect()
                db.subscribe("t")
                db.subscribe("t", qos: 2)
                plc.publish("t", "0")
                plc.publish("t", "1", qos: 1, id: 1)
                plc.publishWhole("t", "2", id: 2)
                #expect(db.received().count == 3)
                db.puback(1)
                #expect(db.pubrec(2) == [.pubrel(2)])
                db.pubcomp(2)
                db.unsubscribe("t")
                plc.publish("t", "unreleased", qos: 2, id: 2)
                plc.lose()
                db.disconnect()
            }
            #expect(scene.engine.performer.journal.recordsAppended == 0)
            #expect(scene.home.batches.isEmpty)
            #expect(scene.engine.performer.journal.tail == .none)
        }
    }

    /// Of a message for both kinds of sessions, the journal has the durable receivers alone.
    @Test func onlyDurableReceiversAreJournalled() throws {
        try scene { scene in
            let plc = scene.client("plc")
            let kept = scene.client("kept")
            let clean = scene.client("clean")
            plc.connect()
            clean.connect()
            kept.resume()
            clean.subscribe("t")
            kept.subscribe("t")
            plc.publishWhole("t", "x", id: 1)
            let replayed = try scene.replayed()
            #expect(replayed.sessions.count == 1)
            #expect(replayed.messages.count == 1)
            #expect(scene.engine.broker.state.sessions.count == 3)
        }
    }
}
