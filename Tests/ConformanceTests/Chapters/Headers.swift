// SPDX-License-Identifier: Apache-2.0
// 2, the control packet format: header flags, packet identifiers, empty property blocks.
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct Headers {}
}

extension Conformance.Headers {
    @Test func `[3.1.1 MQTT-2.2.2-1, 2.2.2-2] [5.0 MQTT-2.1.3-1] other flags are malformed`() throws
    {
        let required: [(first: UInt8, body: [UInt8])] = [
            (0x40, [0, 1]), (0x50, [0, 1]), (0x62, [0, 1]), (0x70, [0, 1]), (0x82, [0, 1]),
            (0xA2, [0, 1]), (0xC0, []), (0xE0, []),
        ]
        try expectRefusals(
            required.flatMap { first, body in
                ([1, 2, 4, 8, 15] as [UInt8]).map { Raw.packet(first ^ $0, body) }
            }.map { ($0, .malformedPacket) })
    }

    @Test func `[3.1.1 MQTT-2.2.2-1] [5.0 MQTT-2.1.3-1] what the broker sends has the right flags`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            func first(_ client: Client) -> UInt8 { client.lastWire.first ?? 0xFF }
            #expect(first(db) == 0x90)
            plc.publish("t", "x", qos: 1, id: 1)
            #expect(first(plc) == 0x40)
            plc.publish("t", "x", qos: 2, id: 2)
            #expect(first(plc) == 0x50)
            plc.pubrel(2)
            #expect(first(plc) == 0x70)
            _ = db.received()
            db.pubrec(2)
            #expect(first(db) == 0x62)
            plc.ping()
            #expect(first(plc) == 0xD0)
            plc.unsubscribe("u")
            #expect(first(plc) == 0xB0)
            plc.lose()
            plc.resume()
            #expect(first(plc) == 0x20)
        }
    }

    @Test func `[3.1.1 MQTT-4.8.0-1] [5.0 MQTT-4.13.1-1] a reserved packet type is malformed`()
        throws
    {
        try expectRefusals([([0x00, 0], .malformedPacket)])
        // AUTH has come with MQTT 5.0.
        try expectRefusals([([0xF0, 0], .malformedPacket)], [.v311])
    }

    @Test func `[3.1.1 MQTT-2.3.1-1] [5.0 MQTT-2.2.1-3] identifier 0 is none`() throws {
        for version in versions {
            try expectRefusals(
                [
                    Raw.publish(version, flags: 0x02, "t", id: 0),
                    Raw.publish(version, flags: 0x04, "t", id: 0),
                    Raw.subscribe(version, id: 0, ([UInt8]("t"), 0)),
                    Raw.unsubscribe(version, id: 0, [UInt8]("t")),
                ].map { ($0, .protocolError) }, [version])
        }
    }

    @Test
    func `[3.1.1 MQTT-2.3.1-4] [5.0 MQTT-2.2.1-4] the broker's identifiers are free and not 0`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            var open: Set<PacketID> = []
            for number in 1...120 {
                plc.publish("t", "\(number)", qos: 1, id: 1)
                let new = db.received().compactMap(\.id)
                #expect(new.count == 1 && open.isDisjoint(with: new))
                open.formUnion(new)
                // Of those that are open, every third is answered, oldest last.
                guard number.isMultiple(of: 3), let id = open.max(by: { $0.rawValue < $1.rawValue })
                else { continue }
                db.puback(id)
                open.remove(id)
                let smallest = open.min { $0.rawValue < $1.rawValue }!
                db.puback(smallest)
                open.remove(smallest)
            }
            #expect(open.count == 40)
        }
    }

    @Test func `[3.1.1 MQTT-2.3.1-5] [5.0 MQTT-2.2.1-2] QoS 0 has no identifier`() throws {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, qos: 0)
            // Bytes where an identifier would be are payload.
            plc.send(Raw.publish(version, "t", "\u{0}\u{7}x"))
            #expect(db.received() == [.publish("t", "\u{0}\u{7}x")])
            #expect(db.lastWire == Raw.publish(version, "t", "\u{0}\u{7}x"))
        }
    }

    @Test
    func `[3.1.1 MQTT-2.3.1-6] [5.0 MQTT-2.2.1-5] an answer has the identifier of its PUBLISH`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            for id in [1, 255, 256, 65_535] as [PacketID] {
                #expect(plc.publish("t", "x", qos: 1, id: id) == [.puback(id)])
                #expect(plc.publish("t", "x", qos: 2, id: id) == [.pubrec(id)])
                #expect(plc.pubrel(id) == [.pubcomp(id)])
            }
            for case let id? in db.received().map(\.id) where id.rawValue.isMultiple(of: 2) {
                #expect(db.pubrec(id) == [.pubrel(id)])
            }
        }
    }

    @Test func `[3.1.1 MQTT-2.3.1-7] [5.0 MQTT-2.2.1-6] SUBACK and UNSUBACK have their request's`()
        throws
    {
        try conversations { scene, version in
            let db = scene.client("db", version)
            db.connect()
            for id in [1, 255, 256, 65_535] {
                db.send(Raw.subscribe(version, id: id, ([UInt8]("t"), 1)))
                #expect(
                    db.lastWire
                        == Raw.packet(0x90, Raw.twoBytes(id) + Raw.properties([], version) + [1]))
                db.send(Raw.unsubscribe(version, id: id, [UInt8]("t")))
                let codes: [UInt8] = version == .v5 ? [0, 0] : []
                #expect(db.lastWire == Raw.packet(0xB0, Raw.twoBytes(id) + codes))
            }
        }
    }

    @Test func `[5.0 MQTT-2.2.2-1] no properties are a length of 0`() throws {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5)
            #expect(db.lastWire == [0x90, 4, 0xEA, 0x61, 0, 2])
            plc.publish("t", "x", qos: 1, id: 1)
            #expect(db.received().count == 1)
            #expect(db.lastWire == [0x32, 7, 0, 1, 0x74, 0, 1, 0, 0x78])
            db.unsubscribe("u")
            #expect(db.lastWire == [0xB0, 4, 0xEA, 0x62, 0, 0x11])
        }
    }
}
