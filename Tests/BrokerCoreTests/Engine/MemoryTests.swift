// SPDX-License-Identifier: Apache-2.0
// What a connection costs while it only waits: each of these is there once for every client, so a
// field more is bytes times clients.
import Journal
import Testing

@testable import BrokerCore
@testable import MQTT
@testable import Scenes

@Suite struct MemoryTests {
    @Test func whatEveryClientHasIsSmall() {
        #expect(MemoryLayout<Connection>.stride <= 72)
        #expect(MemoryLayout<GatedOutput>.stride <= 56)
        #expect(MemoryLayout<Outlet>.stride <= 112)
        #expect(MemoryLayout<Session>.stride <= 136)
        #expect(MemoryLayout<SessionSubscriptions>.stride <= 8)
        #expect(MemoryLayout<SubscriptionTree.Takers>.size <= 28)
    }

    /// Beside its body. A queue holds millions.
    @Test func whatEveryMessageHasIsSmall() {
        #expect(MemoryLayout<Message>.stride <= 48)
        #expect(MemoryLayout<Delivery>.stride <= 16)
    }

    /// Nothing stays behind of what a hundred messages at one time have needed.
    @Test func whoHasBeenBusyGivesTheMemoryBack() {
        for (publisher, receiver) in everyPairOfVersions() {
            scene { scene in
                let plc = scene.client("plc", publisher)
                let db = scene.client("db", receiver)
                plc.connect()
                db.connect()
                db.subscribe("t")
                let ids = (1...50 as ClosedRange<UInt16>).map { PacketID(rawValue: $0)! }
                for id in ids { plc.publish("t", "x", qos: 2, id: id) }
                for id in ids { plc.pubrel(id) }
                for id in ids { db.pubrec(id) }
                for id in ids { db.pubcomp(id) }
                _ = (plc.received(), db.received())
                #expect(slots(of: "plc", in: scene) + slots(of: "db", in: scene) >= 100)
                #expect(plc.ping() == [.pingresp] && db.ping() == [.pingresp])
                #expect(slots(of: "plc", in: scene) + slots(of: "db", in: scene) == 0)
                for place in 0..<scene.engine.performer.outlets.bound
                where scene.engine.performer.outlets.contains(place) {
                    #expect(scene.engine.performer.outlets[place].output.memoryBytes == 0)
                }
            }
        }
    }

    private func slots(of client: String, in scene: Scene) -> Int {
        guard let id = scene.engine.broker.state.session(of: ClientID(client)) else { return 0 }
        return scene.engine.broker.state[id].inbound.stored.capacity
            + scene.engine.broker.state[id].outbound.flights.capacity
    }
}
