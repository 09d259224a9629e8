// SPDX-License-Identifier: Apache-2.0
// What the operator allows: topics, payloads, subscriptions, QoS, bytes that wait or are in flight,
// memory. Whoever goes beyond is told, and nothing is lost in silence.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct LimitTests {
    private func limits(_ change: (inout Limits) -> Void) -> Limits {
        var limits = Limits()
        change(&limits)
        return limits
    }

    /// A stranger who promises much is not waited for.
    @Test func connectMayBeSoLarge() {
        let limits = limits { $0.connectBytesMax = 100 }
        scene(limits) { scene in
            let client = scene.client("client")
            client.open()
            #expect(client.send([0x10, 98]) == [])
            client.lose()
            client.open()
            #expect(client.send([0x10, 99]) == [.closed])
            // Whoever is known may say more.
            client.connect()
            #expect(client.publish("t", String(repeating: "x", count: 200)) == [])
            #expect(client.isOpen)
        }
    }

    @Test func topicsMayBeSoLongAndSoDeep() {
        let limits = limits {
            $0.topicLevelsMax = 3
            $0.topicBytesMax = 20
        }
        scene(limits) { scene in
            let client = scene.client("client")
            client.connect()
            #expect(
                client.subscribe("a/b/c", "a/b/c/d", "a/b/#", "long/long/long/long/x")
                    == [
                        .suback([
                            .grantedQoS2, .topicFilterInvalid, .grantedQoS2, .topicFilterInvalid,
                        ])
                    ])
            #expect(client.publish("///", qos: 1, id: 1) == [.puback(1, .topicNameInvalid)])
            #expect(client.publish("a/b/c/d", qos: 2, id: 2) == [.pubrec(2, .topicNameInvalid)])
            #expect(scene.engine.broker.metrics.publishesRefused == 2)
            #expect(client.publish("a/b/c/d") == farewell(.topicNameInvalid, .v5))
        }
        scene(limits) { scene in
            let old = scene.client("old", .v311)
            old.connect()
            #expect(old.subscribe("a/b/c/d") == [.suback([.unspecifiedError])])
            #expect(old.publish("a/b/c/d", qos: 2, id: 1) == [.closed])
        }
        scene(limits) { scene in
            let client = scene.client("client")
            let will = WillEncoder(topic: "a/b/c/d", payload: [], qos: .atMostOnce)
            #expect(client.connect(will: will) == [.connack(.topicNameInvalid), .closed])
        }
    }

    /// mosquitto acknowledges such a message and drops it.
    @Test func aLargePayloadIsRefusedAndNeverDroppedInSilence() {
        let limits = limits { $0.payloadBytesMax = 4 }
        for qos in 1...2 {
            scene(limits) { scene in
                let client = scene.client("client")
                client.connect()
                let refusal: [Packet] =
                    qos == 1 ? [.puback(1, .quotaExceeded)] : [.pubrec(1, .quotaExceeded)]
                #expect(client.publish("t", "12345", qos: qos, id: 1) == refusal)
                #expect(client.publish("t", "1234", qos: qos, id: 1).count == 1)
                let old = scene.client("old", .v311)
                old.connect()
                #expect(old.publish("t", "12345", qos: qos, id: 1) == [.closed])
            }
        }
    }

    @Test func aSessionMayHaveSoManySubscriptions() {
        let limits = limits { $0.subscriptionsMax = 2 }
        scene(limits) { scene in
            let client = scene.client("client")
            client.connect()
            #expect(
                client.subscribe("a", "b", "c")
                    == [.suback([.grantedQoS2, .grantedQoS2, .quotaExceeded])])
            // One that it has may be changed.
            #expect(client.subscribe("a", qos: 1) == [.suback([.grantedQoS1])])
            client.unsubscribe("b")
            #expect(client.subscribe("c") == [.suback([.grantedQoS2])])
        }
    }

    /// [MQTT-3.2.2-9] to [MQTT-3.2.2-12]
    @Test func theHighestQoSIsKept() throws {
        let limits = limits { $0.qosMax = .atLeastOnce }
        try scene(limits) { scene in
            let client = scene.client("client")
            client.connect()
            let wire = client.lastWire
            let header = try #require(try FixedHeader.read(wire.span, at: 0, version: .v5))
            try #expect(ConnackPacket(wire.span, header, .v5).maximumQoS == .atLeastOnce)
            #expect(client.subscribe("t") == [.suback([.grantedQoS1])])
            #expect(client.publish("x", qos: 1, id: 1) == [.puback(1)])
            #expect(client.publish("x", qos: 2, id: 1) == farewell(.qosNotSupported, .v5))
            let will = WillEncoder(topic: "t", payload: [], qos: .exactlyOnce)
            #expect(client.connect(will: will) == [.connack(.qosNotSupported), .closed])
            let old = scene.client("old", .v311)
            #expect(old.connect(will: will) == [.closed])
            old.connect()
            #expect(old.publish("x", qos: 2, id: 1) == [.closed])
        }
    }

    @Test func bytesThatWaitAreBounded() {
        let limits = limits { $0.waitingBytesMax = 300 }
        scene(limits) { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume()
            db.subscribe("t")
            db.lose()
            let text = String(repeating: "x", count: 100)
            for _ in 0..<3 { #expect(plc.publish("t", text, qos: 1, id: 1) == [.puback(1)]) }
            #expect(plc.publish("t", text, qos: 1, id: 1) == [.puback(1, .quotaExceeded)])
            #expect(scene.engine.broker.state.waitingBytes == 303)
            db.resume()
            #expect(scene.engine.broker.state.waitingBytes == 0)
            #expect(plc.publish("t", text, qos: 1, id: 1) == [.puback(1)])
        }
    }

    @Test func theOldestMakeRoomForBytes() {
        let limits = limits {
            $0.waitingBytesMax = 300
            $0.overflow = .dropOldest
        }
        scene(limits) { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume()
            db.subscribe("t", qos: 1)
            db.lose()
            for number in 1...5 {
                let text = String(repeating: "\(number)", count: 100)
                #expect(plc.publish("t", text, qos: 1, id: 1) == [.puback(1)])
            }
            #expect(scene.engine.broker.state.waitingCount == 3)
            let reason = Int(DropReason.queueFull.rawValue)
            #expect(scene.engine.broker.metrics.dropped[reason] == 2)
        }
    }

    @Test func bytesInFlightAreBounded() {
        let limits = limits { $0.inFlightBytesMax = 150 }
        scene(limits) { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect()
            db.subscribe("t", qos: 1)
            let text = String(repeating: "x", count: 100)
            for _ in 0..<3 { plc.publish("t", text, qos: 1, id: 1) }
            #expect(db.received().count == 2)
            #expect(db.puback(1) == [.publish("t", text, qos: 1, id: 3)])
        }
    }

    /// Its PUBREL would come behind what we do not read: waiting would be for ever.
    @Test func bytesWithoutPubrelAreBounded() {
        let limits = limits { $0.waitingBytesMax = 150 }
        for version in versions {
            scene(limits) { scene in
                let plc = scene.client("plc", version)
                plc.connect()
                let text = String(repeating: "x", count: 100)
                plc.publish("t", text, qos: 2, id: 1)
                plc.publish("t", text, qos: 2, id: 2)
                plc.pubrel(1)
                #expect(plc.publish("t", text, qos: 2, id: 3) == [.pubrec(3)])
                #expect(
                    plc.publish("t", text, qos: 2, id: 4) == farewell(.quotaExceeded, version))
            }
        }
    }

    @Test func memoryIsBounded() {
        let limits = limits { $0.messageBytesMax = 200 }
        scene(limits) { scene in
            let plc = scene.client("plc")
            let old = scene.client("old", .v311)
            let db = scene.client("db")
            plc.connect()
            old.connect()
            db.resume()
            db.subscribe("t", qos: 1)
            db.lose()
            let text = String(repeating: "x", count: 100)
            plc.publish("t", text, qos: 1, id: 1)
            plc.publish("t", text, qos: 1, id: 1)
            #expect(plc.publish("t", text, qos: 1, id: 1) == [.puback(1, .quotaExceeded)])
            #expect(old.publish("t", text, qos: 1, id: 1) == [])
            let isFull = scene.engine.broker.memoryIsFull
            #expect(isFull)
            db.resume()
            db.puback(1)
            scene.setStoreFull(false)  // The end of a turn, as the service tells it.
            #expect(old.received() == [.puback(1)])
            db.puback(2)
            #expect(plc.publish("t", text, qos: 1, id: 1) == [.puback(1)])
        }
    }

    /// QoS 1 waits for its PUBACK, and QoS 2 for its PUBREL, in one quota. [MQTT-3.3.4-7]
    @Test func unacknowledgedQoS1CountsForReceiveMaximum() {
        let limits = limits { $0.inFlightMax = 3 }
        scene(limits) { scene in
            let db = scene.client("db")
            db.resume()
            db.subscribe("t", qos: 1)
            let plc = scene.client("plc")
            plc.connect()
            scene.home.isLate = true
            for id in 1...3 as ClosedRange<UInt16> {
                #expect(plc.publish("t", qos: 1, id: PacketID(id)) == [])
            }
            scene.commit()
            #expect(plc.received() == [.puback(1)])
            scene.commit()
            #expect(plc.received() == [.puback(2), .puback(3)])
            plc.publish("t", qos: 2, id: 3)
            plc.publish("t", qos: 1, id: 4)
            plc.publish("t", qos: 1, id: 5)
            plc.publish("t", qos: 1, id: 6)
            scene.commitAll()
            #expect(
                plc.received().suffix(2) == [.disconnect(.receiveMaximumExceeded), .closed])
        }
    }

    /// The quota of a connection begins anew; what is repeated on it counts. [MQTT-4.9.0-1]
    @Test func whatWasInheritedIsNotInTheQuota() {
        let limits = limits { $0.inFlightMax = 2 }
        scene(limits) { scene in
            let plc = scene.client("plc")
            plc.resume()
            plc.publish("t", qos: 2, id: 1)
            plc.publish("t", qos: 2, id: 2)
            plc.lose()
            plc.resume()
            // One inherited is released: the quota is no larger for that.
            #expect(plc.pubrel(1) == [.pubcomp(1)])
            #expect(plc.publish("t", qos: 2, id: 2, dup: true) == [.pubrec(2)])
            #expect(plc.publish("t", qos: 2, id: 3) == [.pubrec(3)])
            #expect(
                plc.publish("t", qos: 2, id: 4)
                    == [.disconnect(.receiveMaximumExceeded), .closed])
        }
    }
}
