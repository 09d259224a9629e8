// SPDX-License-Identifier: Apache-2.0
// A SUBSCRIBE that brings very many retained messages: others do not wait until all of them are found.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct WelcomeTests {
    private static let count = 10

    /// A scene with ten retained messages, each of which takes two steps to be found: `t` is one, and then each
    /// topic and the end.
    private func welcome(qos: Int = 1, _ body: (Scene, Client) throws -> Void) rethrows {
        var limits = Limits()
        limits.searchSteps = 4
        try scene(limits) { scene in
            let plc = scene.client("plc")
            plc.connect()
            for number in 0..<Self.count {
                plc.publish(
                    "t/\(number)", "\(number)", qos: qos, id: qos == 0 ? nil : 1, retain: true)
            }
            try body(scene, plc)
        }
    }

    private func payloads(_ packets: [Packet]) -> [String] {
        packets.compactMap { packet in
            guard case .message(let message) = packet else { return nil }
            return message.payload
        }
    }

    private var all: Set<String> { Set((0..<Self.count).map(String.init)) }

    @Test func itGoesOnFromTurnToTurn() {
        welcome { scene, _ in
            let db = scene.client("db")
            db.connect()
            var packets = db.subscribe("t/+")
            // Nothing of it has to outlive a crash.
            #expect(packets.first == .suback([.grantedQoS2]) && packets.count == 4)
            var turns = 0
            while scene.deadlines[.welcome] == scene.now {
                scene.deadlineIsDue(.welcome)
                packets += db.received()
                turns += 1
            }
            #expect(turns == 2)
            #expect(payloads(packets).count == Self.count && Set(payloads(packets)) == all)
        }
    }

    /// At QoS 0 they leave as there is room, and the session has no part in them.
    @Test func qoS0IsNoExceptionToIt() {
        welcome(qos: 0) { scene, _ in
            let db = scene.client("db")
            db.connect()
            var packets = db.subscribe("t/+", qos: 0)
            #expect(packets.count == 4)
            scene.pass(.zero)
            packets += db.received()
            #expect(payloads(packets).count == Self.count && Set(payloads(packets)) == all)
        }
    }

    @Test func aDurableSessionIsAnsweredBehindTheLast() {
        for qos in 0...1 {
            welcome(qos: qos) { scene, _ in
                let db = scene.client("db")
                db.resume()
                var packets = db.subscribe("t/#")
                while scene.deadlines[.welcome] == scene.now {
                    #expect(!packets.contains(.suback([.grantedQoS2])))
                    scene.deadlineIsDue(.welcome)
                    packets += db.received()
                }
                #expect(packets.contains(.suback([.grantedQoS2])))
                #expect(Set(payloads(packets)) == all)
                #expect(packets.count == Self.count + 1)
            }
        }
    }

    /// Also where only the last of it is on its way to the disk.
    @Test func theAnswerWaitsForTheDisk() {
        welcome { scene, _ in
            let db = scene.client("db")
            db.resume()
            db.subscribe("t/#")
            scene.deadlineIsDue(.welcome)
            scene.home.isLate = true
            scene.pass(.zero)
            #expect(!db.received().contains(.suback([.grantedQoS2])))
            scene.commitAll()
            let packets = db.received()
            #expect(packets.last == .suback([.grantedQoS2]))
            #expect(payloads(packets).count == 3)
        }
    }

    @Test func whatStandsBehindItWaits() {
        welcome { scene, _ in
            let db = scene.client("db")
            db.resume()
            #expect(db.subscribe("t/#").count == 3)
            #expect(db.ping() == [] && db.unsubscribe("t/#") == [])
            scene.pass(.zero)
            let packets = db.received()
            #expect(payloads(packets).count == Self.count - 3)
            #expect(packets.suffix(2) == [.pingresp, .unsuback([.success])])
        }
    }

    @Test func whatComesWithItWaitsToo() {
        welcome { scene, _ in
            let db = scene.client("db")
            db.connect()
            let options = SubscriptionOptions(maximumQoS: .atMostOnce)
            let packet = SubscribeEncoder(.v5, 1, [.init("t/#", options)])
            let packets = db.send(packet.encoded() + Wire.ping())
            #expect(packets.count == 4 && !packets.contains(.pingresp))
            scene.pass(.zero)
            #expect(db.received().last == .pingresp)
            #expect(scene.engine.broker.connections[db.connection!.index].welcome == nil)
        }
    }

    @Test func whatComesMeanwhileComesOnce() {
        welcome { scene, plc in
            let db = scene.client("db")
            db.connect()
            var packets = db.subscribe("t/+", "t/#")
            for number in 0..<Self.count {
                plc.publish("t/\(number)", "new \(number)", qos: 1, id: 1, retain: true)
            }
            plc.publish("t/another", "new", qos: 1, id: 1, retain: true)
            scene.pass(.zero)
            packets += db.received()
            let new = payloads(packets).filter { $0.hasPrefix("new") }
            #expect(new.count == Self.count + 1 && Set(new).count == new.count)
            #expect(Set(payloads(packets)).subtracting(new).isSubset(of: all))
        }
    }

    /// It was taken before the subscription, and is retained after it: for the subscription it is new.
    @Test func aMessageThatWaitedForPubrelComesOnce() {
        welcome { scene, plc in
            plc.publish("t/zz", "waited", qos: 2, id: 9, retain: true)
            let db = scene.client("db")
            db.connect()
            var packets = db.subscribe("t/+")
            plc.pubrel(9)
            scene.pass(.zero)
            packets += db.received()
            #expect(payloads(packets).filter { $0 == "waited" }.count == 1)
            #expect(payloads(packets).count == Self.count + 1)
        }
    }

    @Test func theyTakeTurns() {
        welcome { scene, _ in
            let clients = ["one", "two"].map { scene.client($0) }
            for client in clients {
                client.resume()
                client.subscribe("t/+")
            }
            for client in clients + clients {
                scene.deadlineIsDue(.welcome)
                #expect(client.received().count >= 3)
                #expect(clients.allSatisfy { $0.received().isEmpty })
            }
            #expect(scene.deadlines[.welcome] == nil)
        }
    }

    @Test func whoIsGoneIsNotWaitedFor() {
        welcome { scene, _ in
            let gone = scene.client("gone")
            let left = scene.client("left")
            let other = scene.client("other")
            for client in [gone, left, other] { client.connect() }
            for client in [gone, left, other] { client.subscribe("t/+") }
            gone.lose()
            left.setRoom(0)
            let heir = scene.client("left")
            heir.connect()
            let newcomer = scene.client("newcomer")
            newcomer.connect()
            scene.pass(.zero)
            #expect(Set(payloads(other.received())).count == Self.count - 3)
            #expect(heir.received() == [] && newcomer.received() == [])
            #expect(scene.engine.broker.state.retained.searchesOpen == 0)
        }
    }

    @Test func aCrashMeanwhileLosesNothing() throws {
        for handling in [RetainHandling.send, .sendIfNew] {
            try welcome { scene, _ in
                let db = scene.client("db")
                db.resume()
                #expect(db.subscribe("t/+", "t/5", retained: handling).count == 3)
                try scene.crash()
                var packets = db.resume()
                #expect(packets.first == .connack(present: true))
                packets = db.subscribe("t/+", "t/5", retained: handling)
                scene.pass(.zero)
                packets += db.received()
                #expect(packets.contains(.suback([.grantedQoS2, .grantedQoS2])))
                #expect(Set(payloads(packets)) == all)
                #expect(payloads(packets).count == Self.count + 1)
                // It is no debt any more.
                try scene.crash()
                db.resume()
                #expect(
                    db.subscribe("t/+", "t/5", retained: .sendIfNew)
                        == [.suback([.grantedQoS2, .grantedQoS2])])
            }
        }
    }

    /// The owed subscription is part of every checkpoint; and what was there before owes nothing.
    @Test func onlyANewSubscriptionOwesThem() throws {
        try welcome { scene, _ in
            let db = scene.client("db")
            db.resume()
            db.subscribe("t/+", retained: .doNotSend)
            db.subscribe("t/+", "t/#")
            let owing = scene.engine.broker.durableDescription().split(separator: "\n")
                .filter { $0.hasSuffix("owes retained") }
            #expect(owing.count == 1 && owing.allSatisfy { $0.contains("t/#") })
            try scene.crash()
            db.resume()
            #expect(db.subscribe("t/+", retained: .sendIfNew) == [.suback([.grantedQoS2])])
            db.subscribe("t/#", retained: .sendIfNew)
            scene.pass(.zero)
            #expect(!scene.engine.broker.durableDescription().contains("owes"))
        }
    }

    /// It is not the client that is silent.
    @Test func keepAliveWaitsForIt() {
        welcome { scene, _ in
            let db = scene.client("db")
            db.resume(keepAlive: 10)
            db.subscribe("t/+")
            scene.now += .seconds(60)
            scene.deadlineIsDue(.connection(db.connection!))
            #expect(!db.received().contains(.closed))
            scene.pass(.zero)
            #expect(db.received().contains(.suback([.grantedQoS2])))
            scene.pass(.seconds(60))
            #expect(db.received().last == .closed)
        }
    }
}
