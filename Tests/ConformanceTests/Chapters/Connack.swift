// SPDX-License-Identifier: Apache-2.0
// 3.2, CONNACK: session present, codes, and what MQTT 5.0 clients are told about this broker.
import BrokerCore
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct Connack {}
}

/// The CONNACK that a client read last.
func connack(_ client: Client) -> ConnackPacket? {
    let wire = client.lastWire
    guard let header = try? FixedHeader.read(wire.span, at: 0, version: client.version) else {
        return nil
    }
    return try? ConnackPacket(wire.span, header, client.version)
}

extension Conformance.Connack {
    @Test func `[MQTT-3.2.0-1] [5.0 MQTT-3.2.0-2] CONNACK comes first, and once`() throws {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, "#")
            db.lose()
            for _ in 0..<3 { plc.publish("t", "x", qos: 1, id: 1) }
            let found = db.resume()
            #expect(found.count == 4 && found.first == .connack(present: true))
            #expect(db.ping() == [.pingresp])
        }
    }

    @Test func `[3.1.1 MQTT-3.2.2-1] [5.0 MQTT-3.2.2-2] clean: no session is present`() throws {
        try conversations { scene, version in
            let db = scene.client("db", version)
            #expect(db.connect() == [.connack(present: false)])
            db.disconnect()
            db.resume()
            db.disconnect()
            #expect(db.connect() == [.connack(present: false)])
        }
    }

    @Test
    func `[3.1.1 MQTT-3.2.2-2, 3.2.2-3] [5.0 MQTT-3.2.2-3] else it is present if there is one`()
        throws
    {
        try conversations { scene, version in
            let db = scene.client("db", version)
            #expect(db.resume() == [.connack(present: false)])
            db.disconnect()
            #expect(db.resume() == [.connack(present: true)])
        }
    }

    @Test
    func
        `[3.1.1 MQTT-3.2.2-4, 3.2.2-5] [5.0 MQTT-3.2.2-6, 3.2.2-7] a refusal closes`()
        throws
    {
        try conversations { scene, version in
            let db = scene.client("db", version)
            db.resume()
            db.disconnect()
            db.open()
            let level: UInt8 = version == .v5 ? 6 : 3
            #expect(
                db.send(
                    Raw.packet(0x10, Raw.text("MQTT") + [level, 0, 0, 0] + Raw.text("db")))
                    == [.connack(.unsupportedProtocolVersion), .closed])
            #expect(db.lastWire == (version == .v5 ? [0x20, 3, 0, 0x84, 0] : [0x20, 2, 0, 1]))
            #expect(db.resume() == [.connack(present: true)])
        }
    }

    @Test func `[3.1.1 MQTT-3.2.2-6] without a fitting code the connection is closed`() throws {
        var limits = Limits()
        limits.retainAvailable = false
        try conversation(limits) { scene in
            let plc = scene.client("plc", .v311)
            let will = WillEncoder(topic: "w", payload: [], qos: .atMostOnce, retain: true)
            #expect(plc.connect(will: will) == [.closed])
        }
    }

    @Test func `[5.0 MQTT-3.2.2-1] the other acknowledge flags are 0`() throws {
        try conversation { scene in
            let db = scene.client("db", .v5)
            db.resume()
            #expect(db.lastWire[2] == 0)
            db.lose()
            db.resume()
            #expect(db.lastWire[2] == 1)
        }
    }

    @Test func `[5.0 MQTT-3.2.2-8] only codes of the standard's list`() throws {
        let listed: Set<UInt8> = [
            0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90,
            0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F,
        ]
        var limits = Limits()
        limits.terms.allowsEmptyClientID = false
        limits.retainAvailable = false
        limits.packetSizeMax = 100
        var seen: Set<UInt8> = []
        try conversation(limits) { scene in
            let will = Raw.properties([]) + Raw.text("w") + Raw.text("x")
            let hellos = [
                Raw.connect(.v5, Raw.text("c")), Raw.connect(.v5, Raw.text("")),
                Raw.connect(.v5, []), Raw.connect(.v5, properties: [0x21, 0, 0], Raw.text("c")),
                Raw.connect(.v5, properties: [0x15] + Raw.text("X"), Raw.text("c")),
                Raw.connect(.v5, flags: 0x26, Raw.text("c") + will),
                Raw.connect(.v5, Raw.text(String(repeating: "c", count: 100))),
                Raw.packet(0x10, Raw.text("MQTT") + [6]),
            ]
            for hello in hellos {
                let client = scene.client("c", .v5)
                client.open()
                client.send(hello)
                if client.lastWire.count > 3 { seen.insert(client.lastWire[3]) }
            }
        }
        #expect(seen.isSubset(of: listed))
        #expect(seen.count >= 7, "\(seen)")
    }
}

extension Conformance.Connack {
    @Test
    func `[5.0 MQTT-3.2.2-9, 3.2.2-10] Maximum QoS is told, and any may be asked for`()
        throws
    {
        for most in 0...1 {
            var limits = Limits()
            limits.qosMax = QoS(most)
            try conversation(limits) { scene in
                let plc = scene.client("plc", .v5)
                plc.connect()
                #expect(connack(plc)?.maximumQoS == QoS(most))
                for qos in 0...2 {
                    // Accepted; what is granted is what can come.
                    let granted = ReasonCode(UInt8(min(qos, most)))
                    #expect(plc.subscribe("t", qos: qos) == [.suback([granted])])
                }
                let id: PacketID? = most == 0 ? nil : 1
                let own = plc.publish("t", "x", qos: most, id: id)
                #expect(own.first == .publish("t", "x", qos: most, id: id))
            }
        }
        try conversation { scene in
            let plc = scene.client("plc", .v5)
            plc.connect()
            // 2 is never written.
            #expect(!plc.lastWire.dropFirst(5).contains(0x24))
        }
    }

    @Test func `[5.0 MQTT-3.2.2-11, qos-not-supported] a QoS above the maximum: 0x9B`() throws {
        for most in 0...1 {
            var limits = Limits()
            limits.qosMax = QoS(most)
            try conversation(limits) { scene in
                for qos in (most + 1)...2 {
                    let plc = scene.client("plc", .v5)
                    plc.connect()
                    #expect(
                        plc.publish("t", "x", qos: qos, id: 1) == farewell(.qosNotSupported, .v5))
                }
            }
        }
    }

    @Test func `[5.0 MQTT-3.2.2-12] and a will with one is refused`() throws {
        var limits = Limits()
        limits.qosMax = .atLeastOnce
        try conversation(limits) { scene in
            for qos in 0...2 {
                let plc = scene.client("plc", .v5)
                let will = WillEncoder(topic: "w", payload: [], qos: QoS(qos))
                #expect(
                    plc.connect(will: will)
                        == (qos < 2 ? [.connack()] : [.connack(.qosNotSupported), .closed]))
            }
        }
    }

    @Test func `[5.0 MQTT-3.1.2-28] Response Information only for who asks for it`() throws {
        var limits = Limits()
        limits.responseInformation = "answers/%c"
        try conversation(limits) { scene in
            let plc = scene.client("plc", .v5)
            for asks in [nil, false] as [Bool?] {
                plc.connect { $0.requestResponseInformation = asks }
                #expect(connack(plc)?.responseInformation == nil)
                plc.disconnect()
            }
            plc.connect { $0.requestResponseInformation = true }
            let range = try #require(connack(plc)?.responseInformation)
            #expect(plc.lastWire[range].elementsEqual([UInt8]("answers/plc")))
        }
    }

    @Test func `[5.0 MQTT-3.2.2-13] a retained will is refused where nothing is retained`() throws {
        var limits = Limits()
        limits.retainAvailable = false
        try conversation(limits) { scene in
            let plc = scene.client("plc", .v5)
            let will = WillEncoder(topic: "w", payload: [], qos: .atMostOnce, retain: true)
            #expect(plc.connect(will: will) == [.connack(.retainNotSupported), .closed])
        }
    }

    @Test func `[5.0 MQTT-3.2.2-14, retain-not-supported] RETAIN where nothing is retained: 0x9A`()
        throws
    {
        var limits = Limits()
        limits.retainAvailable = false
        try conversation(limits) { scene in
            for qos in 0...2 {
                let plc = scene.client("plc", .v5)
                plc.connect()
                #expect(connack(plc)?.retainAvailable == false)
                #expect(
                    plc.publish("t", "x", qos: qos, id: qos == 0 ? nil : 1, retain: true)
                        == farewell(.retainNotSupported, .v5))
            }
        }
    }

    @Test func `[5.0 MQTT-3.2.2-15, packet-too-large] what is larger than announced: 0x95`() throws
    {
        var limits = Limits()
        limits.packetSizeMax = 100
        try conversation(limits) { scene in
            let plc = scene.client("plc", .v5)
            plc.connect()
            #expect(connack(plc)?.maximumPacketSize == 100)
            plc.send(Raw.publish(.v5, "t", String(repeating: "x", count: 94)))
            #expect(plc.ping() == [.pingresp])
            #expect(
                plc.send(Raw.publish(.v5, "t", String(repeating: "x", count: 95)))
                    == farewell(.packetTooLarge, .v5))
            // Known as soon as the length is.
            plc.connect()
            #expect(plc.send([0x30, 0xFF, 0xFF, 0x7F]) == farewell(.packetTooLarge, .v5))
        }
    }

    @Test func `[5.0 MQTT-3.2.2-17, 3.3.2-9, topic-alias-range] an alias above the maximum: 0x94`()
        throws
    {
        var limits = Limits()
        limits.topicAliasMax = 2
        try conversation(limits) { scene in
            for alias in [0, 3, 255, 256, 65_535] {
                let plc = scene.client("plc", .v5)
                plc.connect()
                #expect(connack(plc)?.topicAliasMaximum == 2)
                #expect(
                    plc.send(Raw.publish(.v5, "t", properties: [0x23] + Raw.twoBytes(alias)))
                        == farewell(.topicAliasInvalid, .v5))
            }
        }
    }

    @Test func `[5.0 MQTT-3.2.2-18] where no aliases are taken, none is`() throws {
        var limits = Limits()
        limits.topicAliasMax = 0
        try conversation(limits) { scene in
            let plc = scene.client("plc", .v5)
            plc.connect()
            #expect(connack(plc)?.topicAliasMaximum == 0)
            #expect(
                plc.send(Raw.publish(.v5, "t", properties: [0x23, 0, 1]))
                    == farewell(.topicAliasInvalid, .v5))
        }
    }

    @Test func `[5.0 MQTT-3.2.2-19, 3.2.2-20] CONNACK fits, or is not sent`() throws {
        try conversation { scene in
            let db = scene.client("db", .v5)
            db.connect()
            let size = UInt32(db.lastWire.count)
            db.disconnect()
            #expect(db.connect(packetSizeMax: size) == [.connack()])
            db.disconnect()
            #expect(db.connect(packetSizeMax: size - 1) == [.closed])
            #expect(db.lastWire == [])
        }
    }

    @Test func `[5.0 MQTT-4.13.2-1] behind a CONNACK of failure the connection ends`() throws {
        try expectUnwelcome(
            [
                (
                    Raw.connect(.v5, properties: [0x15] + Raw.text("X"), Raw.text("c"))
                        + Wire.ping(), .badAuthenticationMethod
                )
            ], .v5)
    }
}
