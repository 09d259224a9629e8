// SPDX-License-Identifier: Apache-2.0
// 3.12 to 3.15 and 4.12 to 4.13: PINGREQ, DISCONNECT, AUTH, and how errors end a connection.
import BrokerCore
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct Ping {}
    @Suite struct Disconnect {}
    @Suite struct Authentication {}
}

extension Conformance.Ping {
    @Test func `[MQTT-3.12.4-1] PINGREQ is answered by PINGRESP`() throws {
        try conversations { scene, version in
            let plc = scene.client("plc", version)
            plc.connect()
            for _ in 0..<3 {
                #expect(plc.ping() == [.pingresp])
                #expect(plc.lastWire == [0xD0, 0])
            }
            #expect(plc.send(Wire.ping() + Wire.ping()) == [.pingresp, .pingresp])
        }
        try expectRefusals([([0xC0, 1, 0], .malformedPacket)])
    }
}

extension Conformance.Disconnect {
    /// What a client may send that ends its connection, each with its own code.
    private static let errors: [(wire: [UInt8], reason: UInt8)] = [
        ([0x00, 0], 0x81), ([0x20, 2, 0, 0], 0x82), (Raw.publish(.v5, ""), 0x82),
        (Raw.publish(.v5, "t", properties: [0x23, 0, 0]), 0x94),
        ([0x30, 0xFF, 0xFF, 0x7F], 0x95), (Raw.publish(.v5, flags: 1, "t"), 0x9A),
    ]

    private static var limits: Limits {
        var limits = Limits()
        limits.packetSizeMax = 1000
        limits.retainAvailable = false
        return limits
    }

    @Test func `[5.0 MQTT-3.14.2-1, 3.14.2-2, 3.14.2-4, 4.13.1-1] codes of the list, no expiry`()
        throws
    {
        let listed: Set<UInt8> = [
            0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94,
            0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
        ]
        try conversation(Self.limits) { scene in
            for (wire, reason) in Self.errors {
                let plc = scene.client("plc", .v5)
                plc.resume()
                #expect(plc.send(wire) == farewell(ReasonCode(reason), .v5))
                #expect(listed.contains(plc.lastWire[2]))
                // Nothing behind the code, or a Reason String and only that.
                let block = Array(plc.lastWire.dropFirst(3))
                let string = block.count > 4 ? Array(block.dropFirst(4)) : []
                #expect(
                    block.isEmpty || block == Raw.properties([0x1F] + Raw.text(string)))
            }
        }
    }

    @Test func `[5.0 MQTT-3.14.2-3] a Reason String that would not fit is left out`() throws {
        try conversation(Self.limits) { scene in
            let plc = scene.client("plc", .v5)
            plc.connect()
            let smallest = UInt32(plc.lastWire.count)
            plc.disconnect()
            for (wire, reason) in Self.errors {
                plc.connect()
                plc.send(wire)
                let whole = UInt32(plc.lastWire.count)
                for size in [smallest, max(smallest, whole - 1), whole] {
                    #expect(plc.connect(packetSizeMax: size) == [.connack()])
                    #expect(plc.send(wire) == farewell(ReasonCode(reason), .v5))
                    #expect(plc.lastWire.count <= Int(size))
                    #expect(size == whole || plc.lastWire.count < Int(whole))
                }
            }
        }
    }

    @Test func `[5.0 MQTT-3.14.2-1, 3.14.1-1] a DISCONNECT that breaks the rules`() throws {
        let mayBeSent: Set<UInt8> = [
            0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
            // In the general table only.
            0x8C,
        ]
        try expectRefusals(
            (0...255).map { UInt8($0) }.filter { !mayBeSent.contains($0) }
                .map { ([0xE0, 1, $0], .protocolError) }, [.v5])
        try expectRefusals([([0xE0, 2, 0, 1], .malformedPacket)], [.v5])
        try expectRefusals([([0xE0, 1, 0], .malformedPacket)], [.v311])
    }

    @Test func `[5.0 MQTT-3.14.4-1, 3.14.4-2] the broker's DISCONNECT is its last word`() throws {
        try conversation(Self.limits) { scene in
            let (plc, db) = scene.pair(.v5, qos: 0)
            for (wire, reason) in Self.errors {
                let found = db.send(wire + Raw.publish(.v5, "t", "own") + Wire.ping())
                #expect(found == farewell(ReasonCode(reason), .v5))
                plc.publish("t", "x")
                #expect(db.received() == [])
                db.resume()
            }
        }
    }

    @Test func `[3.1.1 MQTT-3.14.4-1, 3.14.4-2] [5.0 MQTT-3.14.4-1, 3.14.4-2] so is the client's`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, qos: 0)
            let rest = Raw.publish(version, "t", "too late") + Wire.ping()
            #expect(plc.send([0xE0, 0] + rest) == [.closed])
            #expect(db.received() == [])
            if version == .v5 {
                for form in [[0xE0, 1, 0], [0xE0, 2, 0, 0]] as [[UInt8]] {
                    plc.resume()
                    #expect(plc.send(form + rest) == [.closed])
                }
            }
            #expect(plc.lastWire == [])
        }
    }

    @Test func `[3.1.1 MQTT-4.8.0-1] [5.0 MQTT-4.13.1-1] a server's packets are no client's`()
        throws
    {
        try expectRefusals([
            ([0x20, 2, 0, 0], .protocolError), ([0x90, 3, 0, 1, 0], .protocolError),
            ([0xB0, 2, 0, 1], .protocolError), ([0xD0, 0], .protocolError),
        ])
    }

    @Test func `[3.1.1 MQTT-4.8.0-1] [5.0 MQTT-4.13.1-1] nobody else suffers from a breach`() throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            plc.publish("t", "x", qos: 2, id: 1)
            #expect(plc.send([0x36, 3, 0, 1, 0x74]) == farewell(.malformedPacket, version))
            #expect(db.ping() == [.pingresp])
            // The session is what it was.
            #expect(plc.resume() == [.connack(present: true)])
            #expect(plc.pubrel(1) == [.pubcomp(1)])
            #expect(db.received() == [.publish("t", "x", qos: 2, id: 1)])
        }
    }
}

private let method = [0x15] + Raw.text("SCRAM-SHA-256")
private let data = [0x16] + Raw.text([1, 2, 3])

extension Conformance.Authentication {
    @Test func `[5.0 MQTT-4.12.0-1, 4.12.0-4] a method that is not known is refused`() throws {
        try expectUnwelcome(
            [method, method + data, [0x15, 0, 0]].map {
                (Raw.connect(.v5, properties: $0, Raw.text("c")), .badAuthenticationMethod)
            }, .v5)
    }

    @Test func `[5.0 MQTT-3.1.2-30] nothing but AUTH and DISCONNECT before CONNACK`() throws {
        try conversation { scene in
            let db = scene.client("db", .v5)
            db.connect()
            db.subscribe("t", qos: 0)
            let plc = scene.client("plc", .v5)
            plc.open()
            #expect(
                plc.send(
                    Raw.connect(.v5, properties: method, Raw.text("plc"))
                        + Raw.publish(.v5, "t", "x"))
                    == [.connack(.badAuthenticationMethod), .closed])
            #expect(db.received() == [])
        }
    }

    @Test func `[5.0 data-without-method] data without a method is a protocol error`() throws {
        try expectUnwelcome(
            [(Raw.connect(.v5, properties: data, Raw.text("c")), .protocolError)], .v5)
    }

    @Test func `[5.0 MQTT-4.12.0-6] without a method there is no AUTH, and none in CONNACK`() throws
    {
        try conversation { scene in
            let plc = scene.client("plc", .v5)
            #expect(plc.connect() == [.connack()])
            #expect(connack(plc)?.authenticationMethod == nil)
            #expect(connack(plc)?.authenticationData == nil)
        }
    }

    @Test func `[5.0 MQTT-4.12.0-7, 4.12.1-1, 3.15.2-1] without a method AUTH is a protocol error`()
        throws
    {
        try expectRefusals(
            [
                [0xF0, 0], Raw.packet(0xF0, [0x18] + Raw.properties(method)),
                Raw.packet(0xF0, [0x19] + Raw.properties(method)),
                Raw.packet(0xF0, [0x19] + Raw.properties(method + data)),
                Raw.packet(0xF0, [0x00] + Raw.properties(method)),
                Raw.packet(0xF0, [0x81] + Raw.properties(method)),
            ].map { ($0, .protocolError) }, [.v5])
        try conversation { scene in
            let plc = scene.client("plc", .v5)
            plc.open()
            #expect(plc.send(Raw.packet(0xF0, [0x18] + Raw.properties(method))) == [.closed])
        }
    }

    @Test func `[5.0 MQTT-3.15.1-1] AUTH has no flags`() throws {
        try expectRefusals(
            ([1, 2, 4, 8, 15] as [UInt8]).map {
                (Raw.packet(0xF0 | $0, [0x18] + Raw.properties(method)), .malformedPacket)
            }, [.v5])
    }
}
