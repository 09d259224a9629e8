// SPDX-License-Identifier: Apache-2.0
// 4.4 to 4.6 and 4.9: redelivery, receipt, order, and flow control.
import BrokerCore
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct Redelivery {}
    @Suite struct Order {}
    @Suite struct FlowControl {}
}

extension Conformance.Redelivery {
    @Test
    func `[MQTT-4.4.0-1] what is open is sent again at the next connection, and never before`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            plc.publish("t", "a", qos: 1, id: 1)
            plc.publishWhole("t", "b", id: 1)
            plc.publishWhole("t", "c", id: 1)
            #expect(db.received().count == 3)
            #expect(db.pubrec(2) == [.pubrel(2)])
            scene.pass(.seconds(100_000))
            #expect(db.ping() == [.pingresp])
            db.lose()
            #expect(
                db.resume() == [
                    .connack(present: true), .pubrel(2),
                    .publish("t", "a", qos: 1, id: 1, dup: true),
                    .publish("t", "c", qos: 2, id: 3, dup: true),
                ])
            // A clean session owes nothing.
            db.lose()
            #expect(db.connect(clean: true) == [.connack(present: false)])
            #expect(db.ping() == [.pingresp])
        }
    }

    @Test func `[MQTT-4.5.0-1] an accepted message joins every session with a matching filter`()
        throws
    {
        try conversations { scene, version in
            let plc = scene.client("plc", version)
            plc.connect()
            let here = (0..<4).map { scene.client("here\($0)", version) }
            let away = (0..<4).map { scene.client("away\($0)", version) }
            for (number, client) in (here + away).enumerated() {
                client.resume()
                client.subscribe(["t/1", "t/+", "#", "other"][number % 4], qos: 2)
            }
            for client in away { client.lose() }
            plc.publishWhole("t/1", "x", id: 1)
            for (number, client) in here.enumerated() {
                #expect(
                    client.received()
                        == (number == 3 ? [] : [.publish("t/1", "x", qos: 2, id: 1)]))
            }
            for (number, client) in away.enumerated() {
                #expect(client.resume().count == (number == 3 ? 1 : 2))
            }
        }
    }

    @Test func `[MQTT-4.5.0-2] an answer that does not fit the PUBLISH ends the connection`() throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            for (qos, wrong) in [(1, [0x50, 0x70]), (2, [0x40, 0x70])] as [(Int, [UInt8])] {
                for first in wrong {
                    plc.publish("t", "x", qos: qos, id: 1)
                    if qos == 2 { plc.pubrel(1) }
                    let id = try #require(db.received().last?.id)
                    let answer = Raw.packet(first, Raw.twoBytes(Int(id.rawValue)))
                    #expect(db.send(answer) == farewell(.protocolError, version))
                    // Nothing is lost by that.
                    #expect(
                        db.resume() == [
                            .connack(present: true),
                            .publish("t", "x", qos: qos, id: id, dup: true),
                        ])
                    if qos == 1 { db.puback(id) } else { db.pubrec(id) }
                    if qos == 2 { db.pubcomp(id) }
                }
            }
        }
    }
}

extension Conformance.Order {
    @Test func `[3.1.1 MQTT-4.6.0-1] [5.0 MQTT-4.6.0-5] what is sent again keeps its order`() throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            for number in 1...20 {
                let qos = 1 + number % 2
                plc.publish("t", "\(number)", qos: qos, id: 1)
                if qos == 2 { plc.pubrel(1) }
            }
            let first = db.received().compactMap(\.id)
            #expect(first.count == 20)
            for id in [first[5], first[11]] { db.puback(id) }
            for _ in 0..<2 {
                db.lose()
                let again = db.resume().compactMap(\.id)
                #expect(again == first.filter { again.contains($0) } && again.count >= 18)
            }
        }
    }

    @Test func `[3.1.1 MQTT-4.6.0-2] PUBACKs in the order of the PUBLISHes`() throws {
        try conversation { scene in
            let (plc, _) = scene.pair(.v311)
            let ids = [5, 3, 9, 1, 7] as [PacketID]
            let wire = ids.flatMap {
                Raw.publish(.v311, flags: 0x02, "t", id: Int($0.rawValue), "x")
            }
            #expect(plc.send(wire) == ids.map { .puback($0) })
        }
    }

    @Test func `[3.1.1 MQTT-4.6.0-3] PUBRECs in the order of the PUBLISHes`() throws {
        try conversation { scene in
            let (plc, _) = scene.pair(.v311)
            let ids = [5, 3, 9, 1, 7, 3, 5] as [PacketID]
            let wire = ids.flatMap {
                Raw.publish(.v311, flags: 0x04, "t", id: Int($0.rawValue), "x")
            }
            #expect(plc.send(wire) == ids.map { .pubrec($0) })
        }
    }

    @Test func `[3.1.1 MQTT-4.6.0-4] PUBRELs in the order of the PUBRECs`() throws {
        try conversation { scene in
            let (plc, db) = scene.pair(.v311)
            for _ in 0..<5 { plc.publishWhole("t", "x", id: 1) }
            #expect(db.received().count == 5)
            let ids = [4, 1, 5, 2, 3] as [PacketID]
            let wire = ids.flatMap { Raw.packet(0x50, Raw.twoBytes(Int($0.rawValue))) }
            #expect(db.send(wire) == ids.map { .pubrel($0) })
            db.lose()
            // Sent again, they come in the order of their messages.
            #expect(db.resume().count == 6)
        }
    }

    @Test
    func
        `[3.1.1 MQTT-4.6.0-5, 4.6.0-6] [5.0 MQTT-4.6.0-5, 4.6.0-6] topics have an order`()
        throws
    {
        for qos in 0...2 {
            try conversations { scene, version in
                let plc = scene.client("plc", version)
                let other = scene.client("other", version)
                plc.connect()
                other.connect()
                let readers = (0...2).map { granted in
                    let reader = scene.client("reader\(granted)", version)
                    reader.resume()
                    reader.subscribe("t/#", qos: granted)
                    return reader
                }
                for number in 1...12 {
                    for (client, topic) in [(plc, "t/a"), (plc, "t/b"), (other, "t/a")] {
                        client.publish(
                            topic, "\(client.name) \(number)", qos: qos, id: qos == 0 ? nil : 1)
                        if qos == 2 { client.pubrel(1) }
                    }
                }
                for reader in readers {
                    let payloads = reader.received().compactMap { packet -> String? in
                        guard case .message(let arrival) = packet else { return nil }
                        return "\(arrival.topic) \(arrival.payload)"
                    }
                    for stream in ["t/a plc", "t/b plc", "t/a other"] {
                        #expect(
                            payloads.filter { $0.hasPrefix(stream) }
                                == (1...12).map { "\(stream) \($0)" })
                    }
                }
            }
        }
    }

    /// QoS 2 is handed on at PUBREL, which a client sends in the order of its PUBLISHes.
    @Test func `[3.1.1 MQTT-4.6.0-6] [5.0 MQTT-4.6.0-5] with open windows and queues as well`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, window: 2)
            for number in 1...10 as ClosedRange<UInt16> {
                plc.publish("t", "\(number)", qos: 2, id: PacketID(number))
            }
            for number in 1...5 as ClosedRange<UInt16> { plc.pubrel(PacketID(number)) }
            db.lose()
            for number in 6...10 as ClosedRange<UInt16> { plc.pubrel(PacketID(number)) }
            var found: [String] = []
            var packets = db.resume(window: 2)
            while !packets.isEmpty {
                let now = packets
                packets = []
                for packet in now {
                    switch packet {
                    case .message(let arrival):
                        found.append(arrival.payload)
                        packets += db.pubrec(arrival.id!)
                    case .pubrel(let id, _): packets += db.pubcomp(id)
                    default: continue
                    }
                }
            }
            #expect(found == (1...10).map { "\($0)" })
        }
    }
}

extension Conformance.FlowControl {
    @Test func `[5.0 MQTT-3.3.4-9, 4.9.0-1, 4.9.0-2] no more is open than Receive Maximum`() throws
    {
        for window in [1, 2, 5] as [UInt16] {
            try conversation { scene in
                let (plc, db) = scene.pair(.v5, window: window)
                for number in 1...8 {
                    plc.publish("t", "\(number)", qos: 1 + number % 2, id: 1)
                    if number % 2 == 1 { plc.pubrel(1) }
                }
                let first = db.received()
                #expect(first.count == Int(window))
                #expect(db.ping() == [.pingresp])
            }
        }
    }

    @Test func `[5.0 quota] PUBACK, PUBCOMP and failures give one back, and nothing else does`()
        throws
    {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5, window: 1)
            func message(_ text: String, _ id: PacketID, _ qos: Int) -> Packet {
                .publish("t", text, qos: qos, id: id)
            }
            for (text, qos) in [("a", 2), ("b", 1), ("c", 2), ("d", 1), ("e", 1)] {
                plc.publish("t", text, qos: qos, id: 1)
                if qos == 2 { plc.pubrel(1) }
            }
            #expect(db.received() == [message("a", 1, 2)])
            // QoS 0 does not count.
            plc.publish("t", "now")
            #expect(db.received() == [.publish("t", "now")])
            #expect(db.pubrec(1) == [.pubrel(1)])
            #expect(db.pubcomp(1) == [message("b", 2, 1)])
            #expect(db.puback(2) == [message("c", 3, 2)])
            #expect(db.pubrec(3, .quotaExceeded) == [message("d", 4, 1)])
            // For what is not open nothing is given back.
            for id in [1, 2, 3] as [PacketID] { #expect(db.puback(id) == []) }
            #expect(db.puback(4, .unspecifiedError) == [message("e", 5, 1)])
        }
    }

    @Test func `[5.0 quota] a new connection has a new quota, and what is sent again takes of it`()
        throws
    {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5, qos: 1, window: 3)
            for number in 1...5 { plc.publish("t", "\(number)", qos: 1, id: 1) }
            #expect(db.received().count == 3)
            db.lose()
            #expect(
                db.resume(window: 1) == [
                    .connack(present: true), .publish("t", "1", qos: 1, id: 1, dup: true),
                ])
            #expect(db.puback(1) == [.publish("t", "2", qos: 1, id: 2, dup: true)])
            db.lose()
            let all = db.resume(window: 4)
            #expect(all.compactMap(\.id) == [2, 3, 4, 5])
        }
    }

    @Test func `[5.0 MQTT-3.3.4-10, 4.9.0-3] all but PUBLISH goes on at quota 0`() throws {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5, window: 1)
            plc.publishWhole("t", "a", id: 1)
            plc.publishWhole("t", "b", id: 1)
            #expect(db.received() == [.publish("t", "a", qos: 2, id: 1)])
            #expect(db.ping() == [.pingresp])
            #expect(db.subscribe("u") == [.suback([.grantedQoS2])])
            #expect(db.unsubscribe("u") == [.unsuback([.success])])
            #expect(db.publish("v", "x", qos: 1, id: 1) == [.puback(1)])
            #expect(db.publish("v", "x", qos: 2, id: 2) == [.pubrec(2)])
            #expect(db.pubrel(2) == [.pubcomp(2)])
            #expect(db.pubrec(1) == [.pubrel(1)])
        }
    }

    @Test func `[5.0 MQTT-3.3.4-7] more than the broker's Receive Maximum: 0x93`() throws {
        var limits = Limits()
        limits.inFlightMax = 3
        try conversation(limits) { scene in
            let plc = scene.client("plc", .v5)
            plc.connect()
            #expect(connack(plc)?.receiveMaximum == 3)
            for id in 1...3 as ClosedRange<UInt16> {
                #expect(plc.publish("t", "x", qos: 2, id: PacketID(id)) == [.pubrec(PacketID(id))])
            }
            // A repeat is none more, and neither is QoS 0.
            #expect(plc.publish("t", "x", qos: 2, id: 2, dup: true) == [.pubrec(2)])
            #expect(plc.publish("t", "x") == [])
            #expect(plc.pubrel(1) == [.pubcomp(1)])
            #expect(plc.publish("t", "x", qos: 2, id: 1) == [.pubrec(1)])
            #expect(
                plc.publish("t", "x", qos: 2, id: 4) == farewell(.receiveMaximumExceeded, .v5))
        }
    }
}
