// SPDX-License-Identifier: Apache-2.0
// Retained messages that expire: the topic has none from then on, and nothing of them is kept; and
// more of them than a subscriber's connection has room for.
import Journal
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct RetainedExpiryTests {
    @Test func anExpiredOneIsGone() throws {
        try scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            plc.publish("brief", "x", qos: 1, id: 1, retain: true, expiry: 10)
            plc.publish("long", "x", qos: 2, id: 2, retain: true, expiry: 100)
            plc.pubrel(2)
            plc.publish("ever", "x", retain: true)
            #expect(scene.engine.broker.status.retained == 3)
            scene.pass(.seconds(11))
            #expect(scene.engine.broker.status.retained == 2)
            #expect(scene.engine.broker.status.messages == 2)
            try scene.crash()
            #expect(scene.engine.broker.status.retained == 2)
            scene.pass(.seconds(100))
            #expect(scene.engine.broker.status.retained == 1)
            #expect(scene.engine.broker.metrics.retainedExpired == 1)
        }
    }

    /// The time of the one before it is nothing to the next.
    @Test func aReplacedOneTakesNothingWithIt() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            plc.publish("t", "old", retain: true, expiry: 10)
            plc.publish("t", "new", retain: true, expiry: 20)
            scene.pass(.seconds(15))
            #expect(scene.engine.broker.status.retained == 1)
            plc.publish("t", "", retain: true)
            scene.pass(.seconds(15))
            #expect(scene.engine.broker.metrics.retainedExpired == 0)
        }
    }

    /// One that expired while the broker was away goes when it comes back.
    @Test func timeDoesNotStopWithTheBroker() throws {
        try scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            plc.publish("t", "x", retain: true, expiry: 10)
            scene.now = scene.now + .seconds(60)
            try scene.crash()
            scene.pass(.zero)
            #expect(scene.engine.broker.status.retained == 0)
        }
    }

    @Test func manyAtOnceAreTakenInTurns() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            for number in 0..<2500 {
                plc.publish("t/\(number)", "x", retain: true, expiry: 10)
            }
            scene.pass(.seconds(11))
            #expect(scene.engine.broker.status.retained == 0)
            #expect(scene.engine.broker.metrics.retainedExpired == 2500)
        }
    }

    /// A topic that is said again and again leaves nothing behind.
    @Test func timesOfReplacedMessagesAreForgotten() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            for _ in 0..<10_000 { plc.publish("t", "x", retain: true, expiry: 1_000_000) }
            #expect(scene.engine.broker.state.retained.expiry.count == 1)
        }
    }

    /// Somebody subscribes to so many retained messages, from a publisher, and reads nothing yet.
    private func stoppedSubscriber(
        of count: Int, in scene: Scene
    ) -> (publisher: Client, subscriber: Client) {
        let plc = scene.client("plc")
        plc.connect()
        let text = String(repeating: "x", count: 90)
        for number in 0..<count { plc.publish("t/\(number)", text, retain: true) }
        let db = scene.client("db")
        db.connect()
        db.setRoom(0)
        db.subscribe("#", qos: 0)
        return (plc, db)
    }

    /// What is found from turn to turn waits where it was found, not in an output that nobody reads.
    @Test func aLongSearchFillsNoOutput() {
        var limits = Limits()
        limits.outputBytesMax = 1000
        limits.searchSteps = 10
        scene(limits) { scene in
            let (_, db) = stoppedSubscriber(of: 200, in: scene)
            for _ in 0..<100 { scene.pass(.milliseconds(1)) }
            let place = db.connection!.index
            #expect(scene.engine.performer.outlets[place].output.pendingBytes < 1300)
            db.setRoom(nil)
            for _ in 0..<100 { scene.pass(.milliseconds(1)) }
            #expect(db.received().count >= 200)
        }
    }

    /// [MQTT-3.3.1-9]: all of them, though the output has room for a few.
    @Test func aSlowSubscriberGetsAllRetainedMessages() {
        var limits = Limits()
        limits.outputBytesMax = 1000
        scene(limits) { scene in
            let (plc, db) = stoppedSubscriber(of: 100, in: scene)
            // What is said meanwhile is not followed by what was said before it.
            plc.publish("t/0", "new", qos: 0, retain: true)
            db.setRoom(nil)
            let packets = db.received()
            let topics = Set(
                packets.compactMap { packet -> String? in
                    guard case .message(let arrival) = packet else { return nil }
                    return arrival.topic
                })
            #expect(topics.count == 100)
            #expect(packets.count <= 102)
            let dropped = scene.engine.broker.metrics.dropped[Int(DropReason.congested.rawValue)]
            #expect(dropped == 0)
        }
    }

    @Test func aSubscriberThatGoesLeavesNoneOfThemHeld() {
        var limits = Limits()
        limits.outputBytesMax = 1000
        scene(limits) { scene in
            let plc = scene.client("plc")
            plc.connect()
            for number in 0..<100 {
                plc.publish("t/\(number)", String(repeating: "x", count: 90), retain: true)
            }
            let db = scene.client("db")
            db.connect()
            db.setRoom(0)
            db.subscribe("#", qos: 0)
            db.lose()
            for number in 0..<100 { plc.publish("t/\(number)", "", retain: true) }
            #expect(scene.engine.broker.status.messages == 0)
        }
    }
}
