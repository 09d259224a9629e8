// SPDX-License-Identifier: Apache-2.0
// Large messages: the body stays in the memory in which its packet came, whatever is to go before it.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct LargeBodyTests {
    private static let payload = String(
        decoding: (0..<MessageStore.keptPayload + 77).map { UInt8(33 + $0 % 90) }, as: UTF8.self)

    @Test(arguments: [ProtocolVersion.v311, .v5])
    func itArrivesAsItWas(_ version: ProtocolVersion) {
        let users = version == .v5 ? [UserProperty("unit", "°C")] : []
        for qos in 0...2 {
            scene { scene in
                let plc = scene.client("plc", version)
                let db = scene.client("db", version)
                plc.connect()
                db.connect()
                db.subscribe("plant/line", qos: qos)
                let id: PacketID? = qos == 0 ? nil : 1
                plc.publish("plant/line", Self.payload, qos: qos, id: id, userProperties: users)
                if qos == 2 { plc.pubrel(1) }
                expect(
                    db,
                    .publish(
                        "plant/line", Self.payload, qos: qos, id: id, userProperties: users))
                #expect(scene.packetsKept == 1)
            }
        }
    }

    /// What comes behind it in the same read is not kept with it.
    @Test func whatComesBehindItIsTakenToo() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            plc.subscribe("t", qos: 0)
            let large = Wire.publish(
                .v5, PublishHead(qos: .atMostOnce), "t", Array(Self.payload.utf8))
            let small = Wire.publish(.v5, PublishHead(qos: .atMostOnce), "t", [0x41])
            let isRight =
                plc.send(large + small + large) == [
                    .publish("t", Self.payload), .publish("t", "A"), .publish("t", Self.payload),
                ]
            #expect(isRight)
            // Behind the small one it was not at the front.
            #expect(scene.packetsKept == 1)
        }
    }

    /// The topic would need more room than the packet has in front of its payload.
    @Test func aTopicThatAnAliasStandsForIsCopiedWithIt() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect()
            let topic = String(repeating: "long/", count: 20)
            db.subscribe(topic, qos: 0)
            for (name, payload) in [(topic, ""), ("", Self.payload)] {
                let head = PublishHead(qos: .atMostOnce, topicAlias: 1)
                plc.send(Wire.publish(.v5, head, name, Array(payload.utf8)))
                expect(db, .publish(topic, payload))
            }
            #expect(scene.packetsKept == 0)
        }
    }

    /// With a share of the heap that is too small for it, and where nobody wants it.
    @Test func itsMemoryIsGivenBackWhereItIsNotNeeded() {
        var store = MessageStore(memory: BodyMemory(heapBytesMax: 1000))
        let packet = UnsafeMutableRawBufferPointer.allocate(byteCount: 20_000, alignment: 16)
        defer { packet.deallocate() }
        store.offer(packet)
        let draft = MessageStore.Draft(
            qos: .atMostOnce, retain: false, topicCount: 1, propertiesCount: 0,
            payloadCount: 19_000)
        let message = store.keep(draft) { $0.append(0x74) }
        #expect(message == nil)
        let isLeft = store.withdrawOffer()
        #expect(isLeft)
        scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            plc.publish("nobody", Self.payload)
            #expect(scene.packetsKept == 0)
            #expect(scene.engine.broker.state.messages.count == 0)
        }
    }

    /// Its last holder may go before the disk has it: the journal reads it where it lies.
    @Test func theJournalHoldsItUntilItIsDurable() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            scene.home.isLate = true
            plc.publish("t", Self.payload, qos: 1, id: 1, retain: true)
            plc.publish("t", "", qos: 1, id: 2, retain: true)
            #expect(scene.engine.broker.state.retained.count == 0)
            #expect(scene.engine.broker.state.messages.count == 1)
            scene.commitAll()
            #expect(scene.engine.broker.state.messages.count == 0)
            #expect(plc.received() == [.puback(1), .puback(2)])
        }
    }

    @Test func aDurableSessionHasItAfterACrash() throws {
        try scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect(clean: false, expiry: 1000)
            db.subscribe("t", qos: 2)
            db.lose()
            plc.publish("t", Self.payload, qos: 2, id: 1)
            plc.pubrel(1)
            scene.commitAll()
            try scene.crash()
            let isRight = db.resume().last == .publish("t", Self.payload, qos: 2, id: 1)
            #expect(isRight)
        }
    }

    /// Comparing megabytes in an expectation would describe them too.
    private func expect(_ client: Client, _ packet: Packet) {
        let isRight = client.received() == [packet]
        #expect(isRight)
    }
}
