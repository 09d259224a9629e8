// SPDX-License-Identifier: Apache-2.0
// Queues that are full and receivers that are slow: who waits, who is refused, what is dropped and
// that nothing is lost in silence.
import Journal
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct OverflowTests {
    private func limits(_ overflow: Limits.Overflow, waiting: Int = 3) -> Limits {
        var limits = Limits()
        limits.overflow = overflow
        limits.waitingMax = waiting
        limits.inFlightMax = 1
        return limits
    }

    private func drops(_ scene: Scene) -> UInt64 {
        scene.engine.broker.metrics.dropped[Int(DropReason.queueFull.rawValue)]
    }

    /// A receiver with one delivery in flight and three waiting.
    private func fill(_ scene: Scene, _ version: ProtocolVersion) -> (plc: Client, db: Client) {
        let plc = scene.client("plc", version)
        let db = scene.client("db")
        plc.connect()
        db.resume()
        db.subscribe("t")
        for number in 0...3 {
            #expect(plc.publish("t", "\(number)", qos: 1, id: 1) == [.puback(1)])
        }
        #expect(db.received() == [.publish("t", "0", qos: 1, id: 1)])
        return (plc, db)
    }

    @Test func mqtt5IsToldThatTheQueueIsFull() {
        scene(limits(.refuse)) { scene in
            let (plc, db) = fill(scene, .v5)
            #expect(plc.publish("t", "4", qos: 1, id: 2) == [.puback(2, .quotaExceeded)])
            #expect(plc.publish("t", "4", qos: 2, id: 3) == [.pubrec(3, .quotaExceeded)])
            // The identifier was not taken.
            #expect(plc.pubrel(3) == [.pubcomp(3, .packetIdentifierNotFound)])
            #expect(plc.publish("elsewhere", "4", qos: 2, id: 3) == [.pubrec(3)])
            plc.pubrel(3)
            #expect(db.puback(1) == [.publish("t", "1", qos: 1, id: 2)])
            #expect(plc.publish("t", "4", qos: 1, id: 2) == [.puback(2)])
            #expect(drops(scene) == 0)
        }
    }

    /// Each subscription brings the retained messages once more: with a full queue there is none.
    @Test func aFullQueueTakesNoSubscription() {
        for version in versions {
            scene(limits(.refuse)) { scene in
                let plc = scene.client("plc", version)
                let db = scene.client("db", version)
                plc.connect()
                for topic in 1...6 {
                    plc.publish("r/\(topic)", "x", qos: 1, id: 1, retain: true)
                }
                db.resume()
                db.subscribe("r/#")
                #expect(scene.engine.broker.status.queued == 5)
                let reason: ReasonCode = version == .v5 ? .quotaExceeded : .unspecifiedError
                #expect(db.subscribe("r/#", "s") == [.suback([reason, reason])])
                #expect(scene.engine.broker.status.queued == 5)
                #expect(scene.engine.broker.status.subscriptions == 1)
            }
        }
    }

    @Test func mqtt3WaitsAndNothingIsLost() {
        scene(limits(.refuse)) { scene in
            let (plc, db) = fill(scene, .v311)
            _ = scene.takeNotes()
            _ = scene.steps()
            let before = scene.engine.broker.metrics
            #expect(plc.publish("t", "4", qos: 1, id: 2) == [])
            #expect(plc.publish("t", "5", qos: 2, id: 3) == [])
            #expect(plc.ping() == [])
            #expect(
                scene.takeNotes()
                    == [.congested(ClientID("plc"), by: ClientID("db"))])
            #expect(db.puback(1) == [.publish("t", "1", qos: 1, id: 2)])
            // Room for one: the next waits again.
            #expect(plc.received() == [.puback(2)])
            #expect(db.puback(2) == [.publish("t", "2", qos: 1, id: 3)])
            #expect(plc.received() == [.pubrec(3), .pingresp])
            #expect(plc.pubrel(3) == [.pubcomp(3)])
            for number in 3...5 {
                let id = PacketID(UInt16(number))
                let qos = number == 5 ? 2 : 1
                #expect(
                    db.puback(id) == [
                        .publish("t", "\(number)", qos: qos, id: PacketID(UInt16(number + 1)))
                    ])
            }
            #expect(drops(scene) == 0)
            // What was offered more than once is counted once.
            let after = scene.engine.broker.metrics
            #expect(after.messagesReceived - before.messagesReceived == 2)
            #expect(after.packetsReceived - before.packetsReceived == 9)
            #expect(scene.steps().filter { $0.contains("recv PUBLISH") }.count == 2)
        }
    }

    /// The silence is ours while we do not read.
    @Test func aPublisherThatHasToWaitIsNotGivenUp() {
        scene(limits(.refuse)) { scene in
            let db = scene.client("db")
            let plc = scene.client("plc", .v311)
            db.resume()
            db.subscribe("t")
            db.lose()
            plc.connect(keepAlive: 10)
            for number in 1...4 { plc.publish("t", "\(number)", qos: 1, id: 1) }
            scene.pass(.seconds(1000))
            #expect(plc.isOpen)
            #expect(plc.received() == [])
            db.resume()
            #expect(plc.received() == [.puback(1)])
            scene.pass(.seconds(16))
            #expect(plc.received() == [.closed])
        }
    }

    @Test func theEndOfTheFullSessionSetsPublishersFree() {
        for ending in 0...2 {
            scene(limits(.refuse)) { scene in
                let (plc, db) = fill(scene, .v311)
                #expect(plc.publish("t", "4", qos: 1, id: 2) == [])
                switch ending {
                case 0: db.unsubscribe("t")
                case 1:
                    db.lose()
                    scene.pass(.seconds(3600))
                default: db.connect(clean: true)
                }
                #expect(plc.received() == [.puback(2)])
            }
        }
    }

    @Test func aPublisherThatLeavesWhileItWaitsIsForgotten() {
        scene(limits(.refuse)) { scene in
            let (plc, db) = fill(scene, .v311)
            #expect(plc.publish("t", "4", qos: 1, id: 2) == [])
            plc.lose()
            #expect(db.puback(1) == [.publish("t", "1", qos: 1, id: 2)])
        }
    }

    @Test func aPublisherThatIsTakenOverWhileItWaitsIsClosed() {
        scene(limits(.refuse)) { scene in
            let (plc, db) = fill(scene, .v311)
            #expect(plc.publish("t", "4", qos: 1, id: 2) == [])
            let again = scene.client("plc", .v311)
            again.connect()
            #expect(plc.received() == [.closed])
            #expect(db.puback(1) == [.publish("t", "1", qos: 1, id: 2)])
            #expect(again.publish("t", "4", qos: 1, id: 2) == [.puback(2)])
        }
    }

    /// At PUBREL a message is ours: the queue grows beyond its limit.
    @Test func whatWasAcceptedIsQueuedWhateverTheLimit() {
        scene(limits(.refuse)) { scene in
            let db = scene.client("db")
            db.resume()
            db.subscribe("t")
            db.lose()
            let plcs = (0..<6).map { scene.client("plc\($0)", .v311) }
            for plc in plcs {
                plc.connect()
                #expect(plc.publish("t", plc.name, qos: 2, id: 1) == [.pubrec(1)])
            }
            for plc in plcs { #expect(plc.pubrel(1) == [.pubcomp(1)]) }
            #expect(scene.engine.broker.status.queued == 6)
            #expect(plcs[0].publish("t", "more", qos: 2, id: 2) == [])
            #expect(
                db.resume()
                    == [.connack(present: true), .publish("t", "plc0", qos: 2, id: 1)])
            #expect(plcs[0].received() == [])
            for number in 1...6 {
                let id = PacketID(UInt16(number))
                #expect(db.pubrec(id) == [.pubrel(id)])
                #expect(db.pubcomp(id).count == (number < 6 ? 1 : 0))
            }
            #expect(plcs[0].received() == [.pubrec(2)])
        }
    }

    @Test func onesOwnFullQueueDoesNotMatterWhereNoLocalHolds() {
        scene(limits(.refuse, waiting: 1)) { scene in
            let plc = scene.client("plc")
            let other = scene.client("other")
            plc.connect()
            other.connect()
            plc.subscribe("t", qos: 1, noLocal: true)
            other.publish("t", "1", qos: 1, id: 1)
            other.publish("t", "2", qos: 1, id: 1)
            #expect(other.publish("t", "3", qos: 1, id: 1) == [.puback(1, .quotaExceeded)])
            _ = plc.received()
            #expect(plc.publish("t", "own", qos: 1, id: 1) == [.puback(1)])
        }
    }

    /// A disk about to fill refuses new messages before anything has to stop.
    @Test func aFullStoreRefusesAndMakesWait() {
        scene { scene in
            let new = scene.client("new")
            let old = scene.client("old", .v311)
            let db = scene.client("db")
            new.connect()
            old.connect()
            db.resume()
            db.subscribe("t")
            #expect(new.publish("t", "before", qos: 2, id: 1) == [.pubrec(1)])
            scene.setStoreFull(true)
            #expect(new.publish("t", "x", qos: 1, id: 2) == [.puback(2, .quotaExceeded)])
            #expect(new.publish("t", "x", qos: 2, id: 2) == [.pubrec(2, .quotaExceeded)])
            #expect(old.publish("t", "y", qos: 1, id: 2) == [])
            // What was accepted is brought to its end.
            #expect(new.publish("t", "before", qos: 2, id: 1, dup: true) == [.pubrec(1)])
            #expect(new.pubrel(1) == [.pubcomp(1)])
            #expect(db.received() == [.publish("t", "before", qos: 2, id: 1)])
            scene.setStoreFull(false)
            #expect(old.received() == [.puback(2)])
            #expect(db.received() == [.publish("t", "y", qos: 1, id: 2)])
            #expect(new.publish("t", "x", qos: 1, id: 2) == [.puback(2)])
        }
    }

    /// What the journal would have to hold is not taken; everything else goes on.
    @Test func aFullStoreKeepsServingWhatNeedsNoStore() {
        scene { scene in
            let plc = scene.client("plc")
            let lamp = scene.client("lamp")
            let keeper = scene.client("keeper")
            plc.connect()
            lamp.connect()
            lamp.subscribe("t")
            lamp.subscribe("r")
            keeper.resume()
            scene.setStoreFull(true)
            let records = scene.engine.performer.journal.recordsAppended
            #expect(plc.publish("t", "1", qos: 1, id: 1) == [.puback(1)])
            plc.publishWhole("t", "2", id: 2)
            #expect(plc.publish("t", "0") == [])
            #expect(lamp.received().count == 3)
            #expect(keeper.publish("t", "x", qos: 2, id: 1) == [.pubrec(1, .quotaExceeded)])
            // QoS 0 has no answer: what is to be retained waits, and what is behind it.
            #expect(plc.publish("r", "kept", retain: true) == [])
            #expect(plc.publish("t", "behind", qos: 1, id: 3) == [])
            #expect(lamp.received() == [])
            // A will would be owed.
            let mourner = scene.client("mourner")
            let will = WillEncoder(topic: "w", payload: [1], qos: .atLeastOnce)
            #expect(mourner.connect(will: will) == [.connack(.quotaExceeded), .closed])
            #expect(scene.engine.performer.journal.recordsAppended == records)
            scene.setStoreFull(false)
            #expect(plc.received() == [.puback(3)])
            #expect(lamp.received().count == 2)
        }
    }

    @Test func dropOldestKeepsTheNewest() {
        scene(limits(.dropOldest)) { scene in
            let (plc, db) = fill(scene, .v311)
            _ = scene.takeNotes()
            #expect(plc.publish("t", "4", qos: 1, id: 2) == [.puback(2)])
            plc.publishWhole("t", "5", id: 2)
            #expect(drops(scene) == 2)
            #expect(
                scene.takeNotes().contains(
                    .dropped(.queueFull, client: ClientID("db"), message: nil, count: 1)))
            #expect(db.puback(1) == [.publish("t", "3", qos: 1, id: 2)])
            #expect(db.puback(2) == [.publish("t", "4", qos: 1, id: 3)])
            #expect(db.puback(3) == [.publish("t", "5", qos: 2, id: 4)])
        }
    }

    @Test func dropNewestKeepsTheOldest() {
        scene(limits(.dropNewest)) { scene in
            let (plc, db) = fill(scene, .v5)
            #expect(plc.publish("t", "4", qos: 1, id: 2) == [.puback(2)])
            plc.publishWhole("t", "5", id: 2)
            #expect(drops(scene) == 2)
            #expect(db.puback(1) == [.publish("t", "1", qos: 1, id: 2)])
            #expect(db.puback(2) == [.publish("t", "2", qos: 1, id: 3)])
            #expect(db.puback(3) == [.publish("t", "3", qos: 1, id: 4)])
            #expect(db.puback(4) == [])
        }
    }
}
