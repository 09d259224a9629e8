// SPDX-License-Identifier: Apache-2.0
// 3.3, PUBLISH: DUP, QoS, topic names, what is forwarded, and overlapping subscriptions. Retained
// messages and aliases have files of their own.
import BrokerCore
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct Publish {}
}

extension Conformance.Publish {
    @Test func `[MQTT-3.3.1-1] DUP is 1 on every redelivery`() throws {
        for qos in 1...2 {
            try conversations { scene, version in
                let (plc, db) = scene.pair(version, qos: qos)
                plc.publishWhole("t", "a", id: 1)
                plc.publishWhole("t", "b", id: 2)
                #expect(
                    db.received() == [
                        .publish("t", "a", qos: qos, id: 1), .publish("t", "b", qos: qos, id: 2),
                    ])
                for _ in 0..<3 {
                    db.lose()
                    #expect(
                        db.resume() == [
                            .connack(present: true),
                            .publish("t", "a", qos: qos, id: 1, dup: true),
                            .publish("t", "b", qos: qos, id: 2, dup: true),
                        ])
                }
            }
        }
    }

    @Test func `[MQTT-3.3.1-2] DUP on QoS 0 is malformed`() throws {
        for version in versions {
            try expectRefusals(
                [(Raw.publish(version, flags: 0x08, "t"), .malformedPacket)], [version])
        }
    }

    @Test func `[MQTT-3.3.1-3] outgoing DUP is independent of the incoming one`() throws {
        for qos in 1...2 {
            try conversations { scene, version in
                let (plc, db) = scene.pair(version, qos: qos)
                for (number, dup) in [true, false].enumerated() {
                    plc.publish("t", "x", qos: qos, id: 1, dup: dup)
                    if qos == 2 { plc.pubrel(1) }
                    let id = PacketID(UInt16(number + 1))
                    #expect(db.received() == [.publish("t", "x", qos: qos, id: id)])
                }
                db.lose()
                let again = db.resume()
                #expect(again.count == 3)
                for case .message(let arrival) in again { #expect(arrival.dup) }
            }
        }
    }

    @Test func `[MQTT-3.3.1-4] QoS 3 is malformed`() throws {
        for version in versions {
            try expectRefusals(
                ([0x06, 0x07, 0x0E, 0x0F] as [UInt8]).map {
                    (Raw.publish(version, flags: $0, "t", id: 1), .malformedPacket)
                }, [version])
        }
    }

    @Test func `[MQTT-3.3.2-1] the topic name comes first, as text`() throws {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, qos: 0, "#")
            plc.send(Raw.publish(version, "a/b", "payload"))
            #expect(db.received() == [.publish("a/b", "payload")])
            #expect(Array(db.lastWire.dropFirst(2).prefix(5)) == Raw.text("a/b"))
        }
        for version in versions {
            try expectRefusals(
                [
                    (Raw.publish(version, [0xC3, 0x28]), .malformedPacket),
                    (Raw.packet(0x30, []), .malformedPacket),
                    (Raw.packet(0x30, [0]), .malformedPacket),
                    (Raw.packet(0x30, [0, 2, 0x74]), .malformedPacket),
                    (Raw.packet(0x32, [0, 1, 0x74, 0]), .malformedPacket),
                ], [version])
        }
    }

    @Test
    func `[MQTT-3.3.2-2] [3.1.1 MQTT-4.7.1-1] [5.0 MQTT-4.7.0-1] no wildcard in a topic name`()
        throws
    {
        for version in versions {
            let none = Raw.properties([], version)
            try expectRefusals(
                ["#", "+", "a/#", "a/+/b", "a#", "a+b", "/#"].map {
                    (Raw.publish(version, $0), .malformedPacket)
                }, [version])
            try expectUnwelcome(
                ["#", "a/+"].map {
                    (
                        Raw.connect(
                            version, flags: 6,
                            Raw.text("c") + none + Raw.text($0) + Raw.text("x")), .malformedPacket
                    )
                }, version)
        }
    }

    @Test func `[MQTT-3.3.2-3] what a subscriber gets matches its filter`() throws {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, qos: 0, "a/+/c")
            for topic in ["a/b/c", "a/b", "a/b/c/d", "b/b/c", "a//c", "A/b/c"] {
                plc.publish(topic, topic)
            }
            #expect(db.received() == [.publish("a/b/c", "a/b/c"), .publish("a//c", "a//c")])
        }
    }

    /// $SYS is the broker's own.
    @Test func `[3.1.1 MQTT-3.3.5-2] what may not be published ends the connection`() throws {
        try conversation { scene in
            let (plc, db) = scene.pair(.v311, "$SYS/mine")
            for qos in 0...2 {
                let wire = Raw.publish(
                    .v311, flags: UInt8(qos << 1), "$SYS/mine", id: qos == 0 ? nil : 1, "x")
                #expect(plc.send(wire) == [.closed])
                plc.resume()
            }
            #expect(db.received() == [])
        }
    }

    @Test func `[MQTT-4.5.0-1] [5.0 MQTT-2.2.2-1] from either version to either version`() throws {
        for (first, second) in everyPairOfVersions() {
            for qos in 0...2 {
                try conversation { scene in
                    let plc = scene.client("plc", first)
                    let db = scene.client("db", second)
                    plc.connect()
                    db.connect()
                    db.subscribe("t", qos: qos)
                    let id = qos == 0 ? nil : 7
                    plc.send(Raw.publish(first, flags: UInt8(qos << 1), "t", id: id, "x"))
                    if qos == 2 { plc.pubrel(7) }
                    _ = db.received()
                    let own = qos == 0 ? nil : 1
                    #expect(
                        db.lastWire
                            == Raw.publish(second, flags: UInt8(qos << 1), "t", id: own, "x"))
                }
            }
        }
    }

    @Test func `[MQTT-3.3.4-1] an answer by QoS: none, PUBACK, PUBREC`() throws {
        try conversations { scene, version in
            let plc = scene.client("plc", version)
            plc.connect()
            for topic in ["t", "nobody/listens"] {
                #expect(plc.publish(topic, "x", qos: 0) == [])
                #expect(plc.publish(topic, "x", qos: 1, id: 1) == [.puback(1)])
                #expect(plc.publish(topic, "x", qos: 2, id: 2) == [.pubrec(2)])
                #expect(plc.pubrel(2) == [.pubcomp(2)])
            }
        }
    }
}

extension Conformance.Publish {
    @Test
    func `[3.1.1 MQTT-3.3.5-1] [5.0 MQTT-3.3.4-2] of overlapping filters the highest QoS counts`()
        throws
    {
        try conversations { scene, version in
            let plc = scene.client("plc", version)
            let db = scene.client("db", version)
            plc.connect()
            db.connect()
            for (filter, qos) in [("a/#", 1), ("a/+", 2), ("a/b", 0)] {
                db.subscribe(filter, qos: qos)
            }
            plc.publishWhole("a/b", "x", id: 1)
            #expect(db.received() == [.publish("a/b", "x", qos: 2, id: 1)])
            db.unsubscribe("a/+")
            plc.publishWhole("a/b", "y", id: 1)
            #expect(db.received() == [.publish("a/b", "y", qos: 1, id: 2)])
            plc.publish("a/b", "z", qos: 0)
            #expect(db.received() == [.publish("a/b", "z")])
        }
    }

    @Test func `[5.0 MQTT-3.3.4-3, 3.3.4-4] one copy has the identifiers of all that match`() throws
    {
        try conversation { scene in
            let plc = scene.client("plc", .v5)
            let db = scene.client("db", .v5)
            plc.connect()
            db.connect()
            db.subscribe("a/#", qos: 1, identifier: 268_435_455)
            db.subscribe("a/+", qos: 2, identifier: 1)
            db.subscribe("a/b", qos: 0)
            db.subscribe("c/#", qos: 2, identifier: 7)
            plc.publish("a/b", "x", qos: 1, id: 1)
            #expect(
                db.received()
                    == [.publish("a/b", "x", qos: 1, id: 1, identifiers: [1, 268_435_455])])
            plc.publish("a/b/c", "x")
            #expect(db.received() == [.publish("a/b/c", "x", identifiers: [268_435_455])])
            // A new subscription to an equal filter has a new identifier, or none.
            db.subscribe("a/#", qos: 1, identifier: 2)
            plc.publish("a/b/c", "x")
            #expect(db.received() == [.publish("a/b/c", "x", identifiers: [2])])
            db.subscribe("a/#", qos: 1)
            plc.publish("a/b/c", "x")
            #expect(db.received() == [.publish("a/b/c", "x")])
        }
    }

    @Test func `[5.0 MQTT-3.3.4-6] a client's PUBLISH has no Subscription Identifier`() throws {
        try expectRefusals(
            [(Raw.publish(.v5, "t", properties: [0x0B, 1]), .protocolError)], [.v5])
    }

    @Test func `[5.0 no-matching-subscribers] nobody there: success, or 0x10`() throws {
        try conversation { scene in
            let plc = scene.client("plc", .v5)
            plc.connect()
            for (wire, answer) in [(UInt8(0x02), UInt8(0x40)), (0x04, 0x50)] {
                plc.send(Raw.publish(.v5, flags: wire, "t", id: 1, "x"))
                let codes: [[UInt8]] = [[answer, 2, 0, 1], [answer, 3, 0, 1, 0x10]]
                #expect(codes.contains(plc.lastWire))
            }
        }
    }
}

/// Properties that belong to a message, each with a value of its own.
private let payloadFormat: [UInt8] = [0x01, 0x01]
private let contentType = [0x03] + Raw.text("text/plain; é")
private let responseTopic = [0x08] + Raw.text("answer/to/me")
private let correlation = [0x09] + Raw.text([0, 0xFF, 0xC3, 0x28])
private let users =
    Raw.userProperty("b", "1") + Raw.userProperty("a", "2") + Raw.userProperty("b", "1")
    + Raw.userProperty("", "")

extension Conformance.Publish {
    /// The property blocks of what db reads when plc publishes with `block`.
    private func forwarded(_ block: [UInt8], qos: Int, _ payload: String = "text") throws {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5, qos: qos)
            plc.send(
                Raw.publish(
                    .v5, flags: UInt8(qos << 1), "t", id: qos == 0 ? nil : 9,
                    properties: block, payload))
            if qos == 2 { plc.pubrel(9) }
            #expect(db.received().count == 1)
            let expected = Raw.publish(
                .v5, flags: UInt8(qos << 1), "t", id: qos == 0 ? nil : 1, properties: block,
                payload)
            #expect(db.lastWire == expected)
            // What waited in a session is the same.
            guard qos > 0 else { return }
            db.lose()
            db.resume()
            #expect(db.lastWire.suffix(expected.count - 1) == expected.dropFirst())
        }
    }

    @Test func `[5.0 MQTT-3.3.2-4] Payload Format Indicator is forwarded`() throws {
        for qos in 0...2 { try forwarded(payloadFormat, qos: qos) }
        try forwarded([0x01, 0x00], qos: 1)
    }

    @Test func `[5.0 MQTT-3.3.2-15] Response Topic is forwarded`() throws {
        for qos in 0...2 { try forwarded(responseTopic, qos: qos) }
    }

    @Test func `[5.0 MQTT-3.3.2-16] Correlation Data is forwarded`() throws {
        for qos in 0...2 { try forwarded(correlation, qos: qos) }
        try forwarded([0x09, 0, 0], qos: 1)
    }

    @Test func `[5.0 MQTT-3.3.2-17, 3.3.2-18] User Properties are forwarded in their order`() throws
    {
        for qos in 0...2 { try forwarded(users, qos: qos) }
    }

    @Test func `[5.0 MQTT-3.3.2-20] Content Type is forwarded`() throws {
        for qos in 0...2 { try forwarded(contentType, qos: qos) }
    }

    @Test func `[5.0 MQTT-3.3.2-4, 3.3.2-15, 3.3.2-16, 3.3.2-17, 3.3.2-20] all together`() throws {
        let block = users + correlation + contentType + responseTopic + payloadFormat
        for qos in 0...2 { try forwarded(block, qos: qos) }
        for qos in 0...2 {
            try conversation { scene in
                let plc = scene.client("plc", .v5)
                let old = scene.client("old", .v311)
                plc.connect()
                old.connect()
                old.subscribe("t", qos: qos)
                plc.send(Raw.publish(.v5, flags: 0x02, "t", id: 1, properties: block, "text"))
                let id: PacketID? = qos == 0 ? nil : 1
                #expect(old.received() == [.publish("t", "text", qos: min(qos, 1), id: id)])
            }
        }
    }

    @Test func `[5.0 MQTT-3.3.2-13, 3.3.2-14] Response Topic is a topic name`() throws {
        let wrong: [[UInt8]] = [
            [0xC3, 0x28], [0], [UInt8]("#"), [UInt8]("a/+"), [UInt8]("a/#"),
        ]
        try expectRefusals(
            wrong.map {
                (Raw.publish(.v5, "t", properties: [0x08] + Raw.text($0)), .malformedPacket)
            }, [.v5])
    }

    @Test func `[5.0 MQTT-3.3.2-19] Content Type is text`() throws {
        try expectRefusals(
            [[0xC3, 0x28], [0], [0xED, 0xA0, 0x80]].map { (bytes: [UInt8]) in
                (Raw.publish(.v5, "t", properties: [0x03] + Raw.text(bytes)), .malformedPacket)
            }, [.v5])
    }

    /// The standard leaves it open whether the payload is looked at.
    @Test func `[5.0 payload-format] text that is none is forwarded, or refused with 0x99`() throws
    {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5, qos: 0)
            plc.send(
                Raw.publish(.v5, [0x74], properties: payloadFormat, [0xC3, 0x28]))
            #expect(db.received().count == 1)
            #expect(db.lastWire.suffix(2) == [0xC3, 0x28])
        }
    }
}

extension Conformance.Publish {
    @Test func `[5.0 MQTT-3.3.2-5] what expired before its delivery began is not delivered`() throws
    {
        for qos in 1...2 {
            try conversation { scene in
                let (plc, db) = scene.pair(.v5, qos: qos)
                db.lose()
                plc.publish("t", "short", qos: 1, id: 1, expiry: 10)
                plc.publish("t", "long", qos: 1, id: 1, expiry: 100)
                plc.publish("t", "for ever", qos: 1, id: 1)
                scene.pass(.seconds(11))
                #expect(
                    db.resume() == [
                        .connack(present: true),
                        .publish("t", "long", qos: 1, id: 1, expiry: 89),
                        .publish("t", "for ever", qos: 1, id: 2),
                    ])
            }
        }
    }

    @Test func `[5.0 MQTT-3.3.2-6] Message Expiry is forwarded less the time waited`() throws {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5, qos: 1)
            plc.publish("t", "at once", qos: 1, id: 1, expiry: 100)
            #expect(db.received() == [.publish("t", "at once", qos: 1, id: 1, expiry: 100)])
            db.lose()
            plc.publish("t", "later", qos: 1, id: 1, expiry: 100)
            plc.publish("r", "kept", retain: true, expiry: 100)
            #expect(plc.publish("t", "open", qos: 2, id: 7, expiry: 100) == [.pubrec(7)])
            scene.pass(.seconds(30))
            #expect(plc.pubrel(7) == [.pubcomp(7)])
            #expect(
                db.resume() == [
                    .connack(present: true),
                    .publish("t", "at once", qos: 1, id: 1, dup: true, expiry: 70),
                    .publish("t", "later", qos: 1, id: 2, expiry: 70),
                    .publish("t", "open", qos: 1, id: 3, expiry: 70),
                ])
            #expect(
                db.subscribe("r", qos: 0)
                    == [.suback([.grantedQoS0]), .publish("r", "kept", retain: true, expiry: 70)])
        }
    }
}
