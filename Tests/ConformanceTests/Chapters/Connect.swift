// SPDX-License-Identifier: Apache-2.0
// 3.1, CONNECT: its form, its flags, client identifiers, and how it is refused. Sessions and wills
// have files of their own.
import BrokerCore
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct Connect {}
}

private let will: UInt8 = 0x04
private let userName: UInt8 = 0x80
private let password: UInt8 = 0x40

extension Conformance.Connect {
    @Test func `[MQTT-3.1.0-1] the first packet is CONNECT`() throws {
        try conversations { scene, version in
            let others = [
                [0xC0, 0], [0xE0, 0], Raw.publish(version, "t"), [0x40, 2, 0, 1],
                Raw.subscribe(version, ([UInt8]("t"), 0)), [0x20, 2, 0, 0],
            ]
            for other in others {
                let client = scene.client("c", version)
                client.open()
                #expect(client.send(other) == [.closed])
            }
        }
    }

    @Test func `[MQTT-3.1.0-2] a second CONNECT ends the connection`() throws {
        for version in versions {
            try expectRefusals(
                [(Raw.connect(version, Raw.text("c0")), .protocolError)], [version])
        }
    }

    @Test func `[MQTT-3.1.2-1] another protocol's name is not gone on with`() throws {
        try conversations { scene, version in
            for name in ["MQT", "MQTTT", "mqtt", "HTTP", ""] {
                let client = scene.client("c", version)
                client.open()
                let rest = [version.rawValue, 0x02, 0, 0] + Raw.properties([], version)
                #expect(
                    client.send(
                        Raw.packet(0x10, Raw.text(name) + rest + Raw.text("c")) + Wire.ping())
                        == [.closed])
            }
        }
    }

    @Test func `[MQTT-3.1.2-2] another level is told so`() throws {
        let others: [(ProtocolVersion, [UInt8])] = [
            (.v311, [0, 1, 2, 3]), (.v5, [6, 7, 0x85, 255]),
        ]
        for (version, levels) in others {
            try conversation { scene in
                for level in levels {
                    let client = scene.client("c", version)
                    client.open()
                    let hello = Raw.text("MQTT") + [level, 2, 0, 0] + Raw.text("c")
                    #expect(
                        client.send(Raw.packet(0x10, hello) + Wire.ping())
                            == [.connack(.unsupportedProtocolVersion), .closed])
                }
            }
        }
    }

    @Test func `[MQTT-3.1.2-3] the reserved connect flag is 0`() throws {
        for version in versions {
            try expectUnwelcome(
                [
                    (Raw.connect(version, flags: 0x03, Raw.text("c")), .malformedPacket),
                    (Raw.connect(version, flags: 0x01, Raw.text("c")), .malformedPacket),
                ], version)
        }
    }

    @Test
    func `[3.1.1 MQTT-3.1.2-11, 3.1.2-13, 3.1.2-15] [5.0 MQTT-3.1.2-11, 3.1.2-13] will flag 0`()
        throws
    {
        for version in versions {
            try expectUnwelcome(
                ([0x0A, 0x12, 0x22, 0x2A, 0x32] as [UInt8]).map {
                    (Raw.connect(version, flags: $0, Raw.text("c")), .malformedPacket)
                }, version)
        }
    }

    @Test func `[3.1.1 MQTT-3.1.2-14] [5.0 MQTT-3.1.2-12] will QoS 3 is malformed`() throws {
        for version in versions {
            let message = Raw.properties([], version) + Raw.text("w") + Raw.text("x")
            try expectUnwelcome(
                [(Raw.connect(version, flags: 0x1E, Raw.text("c") + message), .malformedPacket)],
                version)
        }
    }

    @Test func `[3.1.1 MQTT-3.1.2-9] [5.0 MQTT-3.1.2-9] will flag 1 brings topic and message`()
        throws
    {
        for version in versions {
            let start = Raw.text("c") + Raw.properties([], version)
            try expectUnwelcome(
                [
                    (Raw.connect(version, flags: 2 | will, Raw.text("c")), .malformedPacket),
                    (
                        Raw.connect(version, flags: 2 | will, start + Raw.text("w")),
                        .malformedPacket
                    ),
                    (
                        Raw.connect(version, flags: 2 | will, start + Raw.text("w") + [0, 2, 1]),
                        .malformedPacket
                    ),
                ], version)
        }
    }

    @Test
    func `[3.1.1 MQTT-3.1.2-18, 3.1.2-19, 3.1.2-20, 3.1.2-21] user name and password as announced`()
        throws
    {
        try expectFields(.v311)
    }

    @Test
    func `[5.0 MQTT-3.1.2-16, 3.1.2-17, 3.1.2-18, 3.1.2-19] user name and password as announced`()
        throws
    {
        try expectFields(.v5)
        try conversation { scene in
            let client = scene.client("c", .v5)
            client.open()
            #expect(
                client.send(
                    Raw.connect(.v5, flags: 2 | password, Raw.text("c") + Raw.text("secret")))
                    == [.connack()])
        }
    }

    /// Fields that flags announce and are not there, and fields that nothing announces.
    private func expectFields(_ version: ProtocolVersion) throws {
        let cases: [(flags: UInt8, fields: Int)] = [
            (0, 1), (0, 2), (userName, 0), (userName, 2), (userName | password, 1),
            (userName | password, 3),
        ]
        try expectUnwelcome(
            cases.map { flags, fields in
                let texts = (0..<fields).flatMap { Raw.text("field\($0)") }
                return (
                    Raw.connect(version, flags: 2 | flags, Raw.text("c") + texts), .malformedPacket
                )
            }, version)
        try conversation { scene in
            for (flags, fields) in [(UInt8(0), 0), (userName, 1), (userName | password, 2)] {
                let client = scene.client("c", version)
                client.open()
                let texts = (0..<fields).flatMap { Raw.text("field\($0)") }
                #expect(
                    client.send(Raw.connect(version, flags: 2 | flags, Raw.text("c") + texts))
                        == [.connack()])
                client.disconnect()
            }
        }
    }

    @Test func `[3.1.1 MQTT-3.1.2-22] no password without a user name`() throws {
        try expectUnwelcome(
            [
                (
                    Raw.connect(.v311, flags: 2 | password, Raw.text("c") + Raw.text("secret")),
                    .malformedPacket
                )
            ], .v311)
    }
}

extension Conformance.Connect {
    @Test func `[MQTT-3.1.3-1, 3.1.3-3] the payload has an order, the client identifier first`()
        throws
    {
        try conversations { scene, version in
            let db = scene.client("db", version)
            db.connect()
            db.subscribe("#")
            let plc = scene.client("plc", version)
            plc.open()
            let properties = Raw.properties([], version)
            #expect(
                plc.send(
                    Raw.connect(
                        version, flags: 0xEE,
                        Raw.text("plc") + properties + Raw.text("will/topic")
                            + Raw.text("will message") + Raw.text("user") + Raw.text("password")))
                    == [.connack()])
            // The same client identifier takes its place, and its will goes out.
            let other = scene.client("plc", version)
            other.connect()
            #expect(db.received() == [.publish("will/topic", "will message", qos: 1, id: 1)])
        }
        for version in versions {
            try expectUnwelcome([(Raw.connect(version, []), .malformedPacket)], version)
        }
    }

    @Test
    func
        `[MQTT-3.1.3-4] [3.1.1 MQTT-3.1.3-10, 3.1.3-11] [5.0 MQTT-3.1.3-11, 3.1.3-12] all is text`()
        throws
    {
        for version in versions {
            let none = Raw.properties([], version)
            let bad = Raw.text([0x61, 0xC3, 0x28])
            try expectUnwelcome(
                [
                    Raw.connect(version, bad),
                    Raw.connect(version, flags: 6, Raw.text("c") + none + bad + Raw.text("x")),
                    Raw.connect(version, flags: 0x82, Raw.text("c") + bad),
                ].map { ($0, .malformedPacket) }, version)
        }
    }

    @Test func `[MQTT-3.1.3-5] every identifier of 1 to 23 digits and letters is taken`() throws {
        let all = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        try conversations { scene, version in
            for length in 1...23 {
                let name = String((all + all).dropFirst(length * 2).prefix(length))
                #expect(scene.client(name, version).connect() == [.connack()])
            }
            for letter in all {
                #expect(scene.client("x\(letter)", version).connect() == [.connack()])
            }
        }
    }

    @Test func `[MQTT-3.1.3-6] [5.0 MQTT-3.1.3-7, 3.2.2-16] who has no identifier gets a new one`()
        throws
    {
        try conversations { scene, version in
            let clients = (0..<3).map { _ in scene.client("", version) }
            var answers: Set<[UInt8]> = []
            for client in clients {
                #expect(client.connect() == [.connack()])
                answers.insert(client.lastWire)
            }
            // All are connected, none took another's place.
            for client in clients { #expect(client.ping() == [.pingresp]) }
            if version == .v5 {
                #expect(answers.count == 3)
                let names = try answers.map { try assignedIdentifier(in: $0) }
                #expect(Set(names).count == 3 && !names.contains(""))
            }
        }
        try conversation { scene in
            let client = scene.client("", .v5)
            client.connect(clean: false, expiry: 60)
            let name = try assignedIdentifier(in: client.lastWire)
            client.lose()
            // It is a client identifier like any other.
            #expect(scene.client(name, .v5).resume() == [.connack(present: true)])
        }
    }

    private func assignedIdentifier(in wire: [UInt8]) throws -> String {
        let header = try #require(try FixedHeader.read(wire.span, at: 0, version: .v5))
        let packet = try ConnackPacket(wire.span, header, .v5)
        let range = try #require(packet.assignedClientID)
        return String(decoding: wire[range], as: UTF8.self)
    }

    @Test func `[3.1.1 MQTT-3.1.3-7, 3.1.3-8] no identifier and a session to keep: refused`() throws
    {
        try conversation { scene in
            let client = scene.client("", .v311)
            #expect(client.resume() == [.connack(.clientIdentifierNotValid), .closed])
            #expect(client.lastWire == [0x20, 2, 0, 2])
        }
    }

    @Test func `[3.1.1 MQTT-3.1.3-9] [5.0 MQTT-3.1.3-8] an identifier that is refused`() throws {
        var limits = Limits()
        limits.terms.allowsEmptyClientID = false
        try conversations(limits) { scene, version in
            #expect(
                scene.client("", version).connect()
                    == [.connack(.clientIdentifierNotValid), .closed])
        }
    }
}

extension Conformance.Connect {
    private func malformed(_ version: ProtocolVersion) -> [[UInt8]] {
        [
            Raw.connect(version, Raw.text("c") + [0]),  // more than is announced
            Raw.connect(version, [0, 5, 0x63]),  // less
            Raw.connect(version, flags: 0x03, Raw.text("c")),
            Raw.packet(0x10, Raw.text("MQTT") + [version.rawValue, 2, 0]),
            Raw.packet(0x10, Raw.text("MQTT") + [version.rawValue]),
        ]
    }

    @Test func `[3.1.1 MQTT-3.1.4-1] what breaks the rules of CONNECT is closed without CONNACK`()
        throws
    {
        try expectUnwelcome(malformed(.v311).map { ($0, .malformedPacket) }, .v311)
    }

    @Test func `[5.0 MQTT-3.1.4-1, 3.14.0-1, refusal-of-connect] CONNACK, and no DISCONNECT`()
        throws
    {
        try expectUnwelcome(
            malformed(.v5).map { ($0, .malformedPacket) } + [
                (Raw.connect(.v5, properties: [0x21, 0, 0], Raw.text("c")), .protocolError),
                (
                    Raw.connect(.v5, properties: [0x17, 1, 0x17, 1], Raw.text("c")),
                    .protocolError
                ),
            ], .v5)
    }

    @Test func `[5.0 MQTT-3.1.4-2] who may not come in is closed`() throws {
        var limits = Limits()
        limits.terms.allowsAnonymous = false
        try conversations(limits) { scene, version in
            let client = scene.client("c", version)
            #expect(client.connect() == [.connack(.notAuthorized), .closed])
        }
    }

    @Test func `[3.1.1 MQTT-3.1.4-4] [5.0 MQTT-3.1.4-5] success is answered by CONNACK 0`() throws {
        try conversations { scene, version in
            let client = scene.client("c", version)
            #expect(client.connect() == [.connack(.success, present: false)])
            #expect(client.lastWire.prefix(4).last == 0)
        }
    }

    @Test func `[3.1.1 MQTT-3.1.4-5] [5.0 MQTT-3.1.4-6] nothing behind a refusal is processed`()
        throws
    {
        var limits = Limits()
        limits.terms.allowsEmptyClientID = false
        try conversations(limits) { scene, version in
            for bad in [Raw.connect(version, []), Raw.connect(version, Raw.text(""))] {
                let client = scene.client("c", version)
                client.open()
                let found = client.send(
                    bad + Raw.connect(version, Raw.text("c"))
                        + Raw.publish(version, flags: 1, "t", "retained") + Wire.ping())
                #expect(found.last == .closed && found.count <= 2)
            }
            let db = scene.client("db", version)
            db.connect()
            #expect(db.subscribe("#") == [.suback([.grantedQoS2])])
        }
    }
}

extension Conformance.Connect {
    @Test
    func `[3.1.1 MQTT-3.1.2-24] [5.0 MQTT-3.1.2-22] silence of 1.5 keep alives ends a connection`()
        throws
    {
        try conversations { scene, version in
            let db = scene.client("db", version)
            let plc = scene.client("plc", version)
            db.connect()
            db.subscribe("w")
            plc.connect(
                keepAlive: 10, will: WillEncoder(topic: "w", payload: [], qos: .atMostOnce))
            scene.pass(.seconds(14))
            #expect(plc.received() == [])
            #expect(plc.ping() == [.pingresp])
            scene.pass(.milliseconds(14_999))
            #expect(plc.received() == [])
            #expect(db.received() == [])
            scene.pass(.milliseconds(2))
            #expect(plc.received() == farewell(.keepAliveTimeout, version))
            // As if the network had failed.
            #expect(db.received() == [.publish("w")])
        }
        try conversations { scene, version in
            let plc = scene.client("plc", version)
            plc.connect(keepAlive: 0)
            scene.pass(.seconds(1_000_000))
            #expect(plc.ping() == [.pingresp])
        }
    }

    /// Bytes of a packet that never ends keep nobody alive.
    @Test func `[3.1.1 MQTT-3.1.2-24] [5.0 MQTT-3.1.2-22] it takes packets, or a good part of one`()
        throws
    {
        try conversations { scene, version in
            let plc = scene.client("plc", version)
            let large = scene.client("large", version)
            plc.connect(keepAlive: 10)
            large.connect(keepAlive: 10)
            let packet = Raw.publish(version, "t", String(repeating: "x", count: 12_000))
            for step in 0..<6 {
                large.send(Array(packet[(step * 2000)..<(step * 2000 + 2000)]))
                if plc.isOpen { plc.send([packet[step]]) }
                scene.pass(.seconds(10))
                let expected = step == 1 ? farewell(.keepAliveTimeout, version) : []
                #expect(plc.received() == expected)
            }
            #expect(large.send(Array(packet[12_000...]) + Wire.ping()) == [.pingresp])
        }
    }

    @Test func `[5.0 MQTT-3.1.2-21, 3.2.2-21] a Server Keep Alive replaces the client's`() throws {
        var limits = Limits()
        limits.keepAliveMax = 20
        try conversation(limits) { scene in
            let plc = scene.client("plc", .v5)
            plc.connect(keepAlive: 1000)
            #expect(connack(plc)?.serverKeepAlive == 20)
            scene.pass(.milliseconds(29_999))
            #expect(plc.received() == [])
            scene.pass(.milliseconds(2))
            #expect(plc.received() == farewell(.keepAliveTimeout, .v5))
        }
    }

    @Test func `[5.0 MQTT-3.2.2-22] without a Server Keep Alive the client's counts`() throws {
        var limits = Limits()
        limits.keepAliveMax = 20
        try conversation(limits) { scene in
            let plc = scene.client("plc", .v5)
            plc.connect(keepAlive: 10)
            #expect(connack(plc)?.serverKeepAlive == nil)
            scene.pass(.milliseconds(15_001))
            #expect(plc.received() == farewell(.keepAliveTimeout, .v5))
        }
    }

    @Test func `[5.0 no-connect] a connection without CONNECT is closed`() throws {
        try conversations { scene, version in
            let silent = scene.client("c", version)
            let slow = scene.client("d", version)
            silent.open()
            slow.open()
            slow.send(Array(Raw.connect(version, Raw.text("d")).dropLast()))
            scene.pass(.seconds(60))
            #expect(silent.received() == [.closed])
            #expect(slow.received() == [.closed])
        }
    }
}

extension Conformance.Connect {
    @Test func `[5.0 MQTT-3.1.2-24] nothing is sent that is larger than the client takes`() throws {
        try conversation { scene in
            let plc = scene.client("plc", .v5)
            plc.connect()
            let filters = (1...20).map { "t/\($0)" }
            plc.publish("t/1", String(repeating: "x", count: 100), retain: true)
            for most in 1...60 as ClosedRange<UInt32> {
                let db = scene.client("db\(most)", .v5)
                var longest = 0
                func look() { longest = max(longest, packets(in: db.lastWire).max() ?? 0) }
                db.connect(packetSizeMax: most)
                look()
                guard db.isOpen else { continue }
                db.send(
                    SubscribeEncoder(
                        .v5, 1, filters.map { .init($0, .init(maximumQoS: .exactlyOnce)) }
                    ).encoded())
                look()
                plc.publish("t/2", String(repeating: "y", count: 40))
                _ = db.received()
                look()
                if db.isOpen {
                    db.send([0x00, 0])
                    look()
                }
                #expect(longest <= Int(most))
            }
        }
    }

    /// The sizes of the packets in `wire`.
    private func packets(in wire: [UInt8]) -> [Int] {
        var sizes: [Int] = []
        var at = 0
        while let header = try? FixedHeader.read(wire.span, at: at, version: .v5) {
            sizes.append(header.end - at)
            at = header.end
        }
        return sizes
    }

    @Test func `[5.0 MQTT-3.1.2-25] a message that is too large counts as delivered`() throws {
        for qos in 0...2 {
            try conversation { scene in
                let plc = scene.client("plc", .v5)
                let db = scene.client("db", .v5)
                plc.connect()
                db.resume(window: 1, packetSizeMax: 50)
                db.subscribe("t", qos: qos)
                plc.publishWhole("t", String(repeating: "x", count: 100), id: 1)
                plc.publishWhole("t", "small", id: 2)
                let id: PacketID? = qos == 0 ? nil : 1
                #expect(db.received() == [.publish("t", "small", qos: qos, id: id)])
            }
        }
    }
}
