// SPDX-License-Identifier: Apache-2.0
// 3.8 to 3.11, SUBSCRIBE and UNSUBSCRIBE with their answers.
import BrokerCore
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct Subscribe {}
    @Suite struct Unsubscribe {}
}

extension Conformance.Subscribe {
    @Test func `[MQTT-3.8.1-1] SUBSCRIBE has the flags 0010`() throws {
        try expectRefusals(
            ([0, 1, 3, 6, 10, 15] as [UInt8]).map {
                (Raw.packet(0x80 | $0, [0, 1, 0, 1, 0x74, 0]), .malformedPacket)
            })
    }

    @Test func `[MQTT-3.8.3-1] filters are text`() throws {
        for version in versions {
            try expectRefusals(
                [
                    Raw.subscribe(version, ([0xC3, 0x28], 0)), Raw.subscribe(version, ([0], 0)),
                    Raw.packet(0x82, [0, 1] + Raw.properties([], version) + [0, 2, 0x74]),
                    Raw.packet(0x82, [0, 1] + Raw.properties([], version) + Raw.text("t")),
                ].map { ($0, .malformedPacket) }, [version])
        }
    }

    @Test func `[3.1.1 MQTT-3.8.3-3] [5.0 MQTT-3.8.3-2] at least one filter`() throws {
        for version in versions {
            try expectRefusals([(Raw.subscribe(version), .protocolError)], [version])
        }
    }

    @Test func `[3.1.1 MQTT-3-8.3-4] reserved bits and QoS 3 are malformed`() throws {
        let topic: [UInt8] = [0x74]
        let wrong = (0x03...0xFF).map { Raw.subscribe(.v311, (topic, UInt8($0))) }
        try expectRefusals(wrong.map { ($0, .malformedPacket) }, [.v311])
    }

    @Test
    func `[5.0 MQTT-3.8.3-5] reserved bits are malformed, QoS 3 and Retain Handling 3 errors`()
        throws
    {
        let topic: [UInt8] = [0x74]
        var cases: [(wire: [UInt8], reason: ReasonCode)] = []
        for options in 0...0xFF as ClosedRange<UInt8> {
            let isReserved = options >= 0x40
            let isTooMuch = options & 0x03 == 0x03 || options & 0x30 == 0x30
            guard isReserved || isTooMuch else { continue }
            cases.append(
                (
                    Raw.subscribe(.v5, (topic, options)),
                    isReserved ? .malformedPacket : .protocolError
                ))
        }
        try expectRefusals(cases, [.v5])
    }

    @Test func `[MQTT-3.8.4-1, 3.8.4-2] SUBSCRIBE is answered by SUBACK with its identifier`()
        throws
    {
        try conversations { scene, version in
            let db = scene.client("db", version)
            db.connect()
            let none = Raw.properties([], version)
            for id in [1, 2, 500, 65_535, 1] {
                db.send(Raw.subscribe(version, id: id, ([UInt8]("t"), 2)))
                #expect(db.lastWire == Raw.packet(0x90, Raw.twoBytes(id) + none + [2]))
            }
        }
    }

    @Test func `[MQTT-3.8.4-3] [5.0 MQTT-3.8.4-4] an equal filter replaces the subscription`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            plc.publish("t", "kept", retain: true)
            #expect(db.received().count == 1)
            for qos in [0, 2, 1] {
                // Retained messages come again, and the flow has no gap and no second copy.
                let id: PacketID? = nil
                #expect(
                    db.subscribe("t", qos: qos)
                        == [
                            .suback([ReasonCode(UInt8(qos))]),
                            .publish("t", "kept", qos: 0, id: id, retain: true),
                        ])
                plc.publish("t", "x", qos: 1, id: 1)
                let found = db.received()
                #expect(found.count == 1)
                for case .message(let arrival) in found { #expect(arrival.qos == min(qos, 1)) }
            }
        }
    }

    @Test func `[MQTT-3.8.4-3] [5.0 MQTT-3.8.4-4] replacing loses nothing that waits`() throws {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, qos: 1, window: 1)
            for number in 1...3 { plc.publish("t", "\(number)", qos: 1, id: 1) }
            db.subscribe("t", qos: 0)
            plc.publish("t", "4", qos: 1, id: 1)
            var found: Set<String> = []
            db.lose()
            var packets = db.resume()
            while !packets.isEmpty {
                let messages = packets
                packets = []
                for case .message(let arrival) in messages {
                    found.insert(arrival.payload)
                    if let id = arrival.id { packets += db.puback(id) }
                }
            }
            #expect(found == ["1", "2", "3"])
        }
    }

    @Test
    func
        `[3.1.1 MQTT-3.8.4-4, 3.8.4-5] [5.0 MQTT-3.8.4-5, 3.8.4-6, 3.8.4-7] one SUBACK`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, "first")
            let bad: ReasonCode = version == .v5 ? .topicFilterInvalid : .unspecifiedError
            #expect(
                db.send(
                    Raw.subscribe(
                        version, ([UInt8]("a"), 0), ([UInt8]("b/#"), 2), ([UInt8]("c#"), 1),
                        ([UInt8]("d"), 1), ([UInt8]("a"), 1)))
                    == [.suback([.grantedQoS0, .grantedQoS2, bad, .grantedQoS1, .grantedQoS1])])
            for topic in ["a", "b", "d", "c"] { plc.publish(topic, topic, qos: 1, id: 1) }
            #expect(
                db.received() == [
                    .publish("a", "a", qos: 1, id: 1), .publish("b", "b", qos: 1, id: 2),
                    .publish("d", "d", qos: 1, id: 3),
                ])
        }
    }

    @Test func `[3.1.1 MQTT-3.8.4-6] [5.0 MQTT-3.8.4-8] the lower QoS of published and granted`()
        throws
    {
        for (published, granted) in (0...2).flatMap({ first in (0...2).map { (first, $0) } }) {
            try conversations { scene, version in
                let (plc, db) = scene.pair(version, qos: granted)
                plc.publish("t", "x", qos: published, id: published == 0 ? nil : 1)
                if published == 2 { plc.pubrel(1) }
                let qos = min(published, granted)
                #expect(
                    db.received() == [.publish("t", "x", qos: qos, id: qos == 0 ? nil : 1)])
            }
        }
    }

    @Test func `[MQTT-3.9.3-1, 3.9.3-2] codes in the order of the filters, from the list`() throws {
        try conversations { scene, version in
            let db = scene.client("db", version)
            db.connect()
            let bad: UInt8 = version == .v5 ? 0x8F : 0x80
            let filters = ["#", "a/#/b", "+", "+b", "", "a/+", "a+"]
            let codes: [UInt8] = [2, bad, 0, bad, bad, 1, bad]
            let qos: [UInt8] = [2, 0, 0, 0, 0, 1, 2]
            let requests = zip(filters, qos).flatMap { Raw.text($0) + [$1] }
            let none = Raw.properties([], version)
            db.send(Raw.packet(0x82, [0, 7] + none + requests))
            #expect(db.lastWire == Raw.packet(0x90, [0, 7] + none + codes))
        }
    }

    @Test func `[5.0 MQTT-3.8.3-3] No Local: nothing of one's own`() throws {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5, "other")
            db.subscribe("t", qos: 1, noLocal: true)
            db.subscribe("u", qos: 1)
            #expect(db.publish("t", "own", qos: 1, id: 1) == [.puback(1)])
            #expect(
                db.publish("u", "own", qos: 1, id: 1)
                    == [.publish("u", "own", qos: 1, id: 1), .puback(1)])
            plc.publish("t", "theirs", qos: 1, id: 1)
            #expect(db.received() == [.publish("t", "theirs", qos: 1, id: 2)])
            // The client identifier counts, not the connection.
            db.publish("t", "own", qos: 2, id: 5)
            db.lose()
            db.resume()
            #expect(db.pubrel(5) == [.pubcomp(5)])
        }
    }

    @Test func `[5.0 MQTT-3.8.3-3, 3.3.4-3] No Local holds for one of overlapping subscriptions`()
        throws
    {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5, "other")
            db.subscribe("t", qos: 2, identifier: 1, noLocal: true)
            db.subscribe("t/#", qos: 1, identifier: 2)
            #expect(
                db.publish("t", "own", qos: 1, id: 1)
                    == [.publish("t", "own", qos: 1, id: 1, identifiers: [2]), .puback(1)])
            plc.publish("t", "theirs", qos: 1, id: 1)
            #expect(
                db.received() == [.publish("t", "theirs", qos: 1, id: 2, identifiers: [1, 2])])
        }
    }

    @Test func `[5.0 MQTT-3.8.3-3] No Local: also not one's own will`() throws {
        try conversation { scene in
            let db = scene.client("db", .v5)
            let will = WillEncoder(topic: "w", payload: [], qos: .atLeastOnce)
            db.resume(will: will)
            db.subscribe("w", qos: 1, noLocal: true)
            db.lose()
            #expect(db.resume(will: will) == [.connack(present: true)])
            db.subscribe("w", qos: 1)
            db.lose()
            #expect(db.resume() == [.connack(present: true), .publish("w", qos: 1, id: 1)])
        }
    }

    @Test func `[5.0 MQTT-3.3.4-3] retained messages have the identifier of their subscription`()
        throws
    {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5, "other")
            plc.publish("t", "kept", retain: true)
            for identifier in [1, 268_435_455] as [UInt32] {
                #expect(
                    db.subscribe("t", qos: 0, identifier: identifier) == [
                        .suback([.grantedQoS0]),
                        .publish("t", "kept", retain: true, identifiers: [identifier]),
                    ])
            }
        }
    }

    @Test func `[5.0 MQTT-3.8.3-4] No Local on a shared subscription is a protocol error`() throws {
        try expectRefusals(
            [(Raw.subscribe(.v5, ([UInt8]("$share/g/t"), 0x04)), .protocolError)], [.v5])
    }

    @Test func `[5.0 MQTT-4.8.2-1, 4.8.2-2] share names that are none`() throws {
        try conversation { scene in
            let db = scene.client("db", .v5)
            db.connect()
            for filter in [
                "$share//t", "$share/g", "$share/g/", "$share/+/t", "$share/#/t", "$share/a+b/t",
                "$share/", "$share/g/a#",
            ] {
                #expect(db.subscribe(filter) == [.suback([.topicFilterInvalid])], "\(filter)")
            }
        }
    }

    @Test func `[5.0 MQTT-3.9.2-1, 3.9.2-2] SUBACK has codes and nothing more`() throws {
        try conversation { scene in
            let db = scene.client("db", .v5)
            db.connect(packetSizeMax: 40)
            // Also those of failure, and up to the last byte that fits.
            let request: [UInt8] = Raw.text("a#") + [0]
            let requests = [[UInt8]](repeating: request, count: 34).flatMap { $0 }
            let codes = [UInt8](repeating: 0x8F, count: 34)
            db.send(Raw.packet(0x82, [0, 1, 0] + requests))
            #expect(db.lastWire == Raw.packet(0x90, [0, 1, 0] + codes))
        }
    }
}

extension Conformance.Unsubscribe {
    @Test func `[MQTT-3.10.1-1] UNSUBSCRIBE has the flags 0010`() throws {
        try expectRefusals(
            ([0, 1, 3, 6, 10, 15] as [UInt8]).map {
                (Raw.packet(0xA0 | $0, [0, 1, 0, 1, 0x74]), .malformedPacket)
            })
    }

    @Test func `[3.1.1 MQTT-3.10.3-1] [5.0 MQTT-3.10.2-1] filters are text, without gaps`() throws {
        for version in versions {
            let start: [UInt8] = [0, 1] + Raw.properties([], version)
            try expectRefusals(
                [
                    Raw.unsubscribe(version, [0xC3, 0x28]), Raw.unsubscribe(version, [0]),
                    Raw.packet(0xA2, start + [0, 2, 0x74]),
                    Raw.packet(0xA2, start + Raw.text("t") + [0]),
                ].map { ($0, .malformedPacket) }, [version])
        }
    }

    @Test func `[3.1.1 MQTT-3.10.3-2] [5.0 MQTT-3.10.2-2] at least one filter`() throws {
        for version in versions {
            try expectRefusals([(Raw.unsubscribe(version), .protocolError)], [version])
        }
    }

    @Test func `[MQTT-3.10.4-1] equal filters go, character by character, and no others`() throws {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, qos: 0, "a/b")
            let (composed, apart) = ("caf\u{E9}", "cafe\u{301}")
            for filter in ["a/+", "A/b", composed] { db.subscribe(filter, qos: 0) }
            for filter in ["a/#", "#", "+/+", "a/b/", "a", apart] { db.unsubscribe(filter) }
            for topic in ["a/b", "A/b", composed] { plc.publish(topic) }
            #expect(db.received().count == 3)
            db.unsubscribe("a/+")
            plc.publish("a/b")
            #expect(db.received() == [.publish("a/b")])
            plc.publish("a/c")
            #expect(db.received() == [])
            db.unsubscribe("a/b")
            plc.publish("a/b")
            #expect(db.received() == [])
        }
    }

    @Test func `[MQTT-3.10.4-2] no new messages for a filter that is gone`() throws {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            #expect(plc.publish("t", "open", qos: 2, id: 1) == [.pubrec(1)])
            db.unsubscribe("t")
            plc.publish("t", "x", qos: 1, id: 2)
            plc.pubrel(1)
            db.lose()
            #expect(db.resume() == [.connack(present: true)])
        }
    }

    @Test func `[MQTT-3.10.4-3] deliveries that have begun come to their end`() throws {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            plc.publish("t", "a", qos: 1, id: 1)
            plc.publishWhole("t", "b", id: 1)
            plc.publishWhole("t", "c", id: 1)
            #expect(db.received().count == 3)
            db.pubrec(2)
            db.unsubscribe("t")
            db.lose()
            #expect(
                db.resume() == [
                    .connack(present: true), .pubrel(2),
                    .publish("t", "a", qos: 1, id: 1, dup: true),
                    .publish("t", "c", qos: 2, id: 3, dup: true),
                ])
            #expect(db.pubcomp(2) == [])
            #expect(db.puback(1) == [])
            #expect(db.pubrec(3) == [.pubrel(3)])
            #expect(db.pubcomp(3) == [])
        }
    }

    @Test
    func `[MQTT-3.10.4-5] [3.1.1 MQTT-3.10.4-4] [5.0 MQTT-3.10.4-4] UNSUBACK with its identifier`()
        throws
    {
        try conversations { scene, version in
            let (_, db) = scene.pair(version)
            for (id, code) in [(1, 0x11), (65_535, 0x11), (2, 0), (3, 0x11)] as [(Int, UInt8)] {
                let filter = id == 2 || id == 3 ? "t" : "never/held"
                db.send(Raw.unsubscribe(version, id: id, [UInt8](filter)))
                let codes: [UInt8] = version == .v5 ? [0, code] : []
                #expect(db.lastWire == Raw.packet(0xB0, Raw.twoBytes(id) + codes))
            }
        }
    }

    @Test
    func
        `[MQTT-3.10.4-6] [5.0 MQTT-3.11.3-1, 3.11.3-2] many filters, one UNSUBACK, in their order`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, qos: 0, "a")
            db.subscribe("b", qos: 0)
            db.subscribe("c", qos: 0)
            let codes: [ReasonCode] = [
                .success, .noSubscriptionExisted, .success, .noSubscriptionExisted,
            ]
            #expect(
                db.unsubscribe("a", "x", "c", "a") == [.unsuback(version == .v5 ? codes : [])])
            for topic in ["a", "b", "c"] { plc.publish(topic) }
            #expect(db.received() == [.publish("b")])
        }
    }

    @Test func `[5.0 MQTT-3.11.2-1, 3.11.2-2] UNSUBACK has codes and nothing more`() throws {
        try conversation { scene in
            let db = scene.client("db", .v5)
            db.connect(packetSizeMax: 40)
            let codes = [UInt8](repeating: 0x11, count: 34)
            db.send(
                Raw.packet(0xA2, [0, 1, 0] + (0..<34).flatMap { _ in Raw.text("t") }))
            #expect(db.lastWire == Raw.packet(0xB0, [0, 1, 0] + codes))
        }
    }
}
