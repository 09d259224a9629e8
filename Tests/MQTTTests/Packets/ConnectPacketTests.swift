// SPDX-License-Identifier: Apache-2.0
//
// CONNECT: known bytes, random round trips, and every rule of its form.

import MQTT
import Testing

@Suite struct ConnectPacketTests {
    func connect(_ wire: [UInt8]) throws -> ConnectPacket {
        let header = try #require(try FixedHeader.read(wire.span, at: 0))
        return try ConnectPacket(wire.span, header)
    }

    /// A will and credentials, written by hand.
    @Test func knownBytes() throws {
        let wire: [UInt8] =
            [0x10, 30] + [0, 4, 0x4D, 0x51, 0x54, 0x54, 4, 0xEE, 0, 10] + [0, 1, 0x63]
            + [0, 4, 0x77, 0x69, 0x6C, 0x6C] + [0, 2, 1, 2] + [0, 3, 0x75, 0x73, 0x72]
            + [0, 0]
        let packet = try connect(wire)
        #expect(packet.version == .v311)
        #expect(packet.cleanStart)
        #expect(packet.keepAlive == 10)
        #expect(wire.text(packet.clientID) == "c")
        #expect(packet.will?.qos == .atLeastOnce)
        #expect(packet.will?.retain == true)
        #expect(wire.text(packet.will?.topic) == "will")
        #expect(wire.bytes(packet.will?.payload) == [1, 2])
        #expect(wire.text(packet.username) == "usr")
        #expect(wire.bytes(packet.password) == [])
        var encoder = ConnectEncoder(
            .v311, clientID: ClientID("c"), cleanStart: true, keepAlive: 10)
        encoder.will = WillEncoder(topic: "will", payload: [1, 2], qos: .atLeastOnce, retain: true)
        encoder.username = "usr"
        encoder.password = []
        #expect(encoder.encoded() == wire)
    }

    @Test func roundTrips() throws {
        var random = SplitMix64(seed: 20)
        for _ in 0..<3_000 {
            let sent = random.connect(random.version())
            let wire = sent.encoded()
            let packet = try connect(wire)
            #expect(packet.version == sent.version)
            #expect(packet.cleanStart == sent.cleanStart)
            #expect(packet.keepAlive == sent.keepAlive)
            #expect(ClientID(wire.span, packet.clientID) == sent.clientID)
            #expect(wire.text(packet.username) == sent.username)
            #expect(wire.bytes(packet.password) == sent.password)
            checkWill(packet.will, sent, wire)
            if sent.version == .v5 {
                checkProperties(packet, sent, wire)
            } else {
                #expect(packet.properties.isEmpty)
            }
        }
    }

    private func checkWill(_ will: Will?, _ sent: ConnectEncoder, _ wire: [UInt8]) {
        #expect((will == nil) == (sent.will == nil))
        guard let will, let expected = sent.will else { return }
        #expect(will.qos == expected.qos)
        #expect(will.retain == expected.retain)
        #expect(wire.text(will.topic) == expected.topic)
        #expect(wire.bytes(will.payload) == expected.payload)
        guard sent.version == .v5 else { return }
        #expect(will.delay == expected.delay ?? 0)
        #expect(will.properties.messageExpiry == expected.messageExpiry)
        PublishPacketTests.check(will.properties, expected.properties, wire)
    }

    private func checkProperties(
        _ packet: ConnectPacket, _ sent: ConnectEncoder, _ wire: [UInt8]
    ) {
        #expect(packet.sessionExpiry == sent.sessionExpiry)
        #expect(packet.receiveMaximum == sent.receiveMaximum ?? 65_535)
        #expect(packet.maximumPacketSize == sent.maximumPacketSize)
        #expect(packet.topicAliasMaximum == sent.topicAliasMaximum ?? 0)
        #expect(packet.requestResponseInformation == sent.requestResponseInformation ?? false)
        #expect(packet.requestProblemInformation == sent.requestProblemInformation ?? true)
        #expect(wire.text(packet.authenticationMethod) == sent.authenticationMethod)
        #expect(wire.bytes(packet.authenticationData) == sent.authenticationData)
        #expect(wire.userProperties(of: packet.properties) == sent.userProperties)
    }

    /// [MQTT-3.1.2-1], [MQTT-3.1.2-2]
    @Test func otherProtocolsAndLevels() {
        let rest: [UInt8] = [2, 0, 0, 0, 0]
        let old = packet(0x10, field("MQIsdp") + [3] + rest)
        #expect(refusal(of: old, .v311) == .unsupportedVersion(level: 3))
        for level in UInt8.min...UInt8.max where level != 4 && level != 5 {
            let wire = packet(0x10, field("MQTT") + [level] + rest)
            #expect(refusal(of: wire, .v311) == .unsupportedVersion(level: level))
        }
        for name in ["", "mqtt", "MQTT5", "MQT", "HTTP"] {
            let wire = packet(0x10, field(name) + [4] + rest)
            #expect(refusal(of: wire, .v311) == .malformed(.protocolName), "\(name)")
        }
    }

    @Test func theVersionIsKnownThoughTheRestIsWrong() throws {
        let cases: [([UInt8], ProtocolVersion?)] = [
            (field("MQTT") + [5, 1], .v5), (field("MQTT") + [4], .v311), (field("MQTT") + [6], nil),
            (field("MQTT"), nil), ([], nil),
        ]
        for (body, version) in cases {
            let wire = packet(0x10, body)
            let header = try #require(try FixedHeader.read(wire.span, at: 0))
            #expect(ConnectPacket.version(of: wire.span, header) == version)
            #expect(refusal(of: wire, .v5) != nil)
        }
    }

    /// [MQTT-3.1.2-3], [MQTT-3.1.2-11] to [MQTT-3.1.2-13], [MQTT-3.1.2-22] of 3.1.1
    @Test func everyFlagsByte() {
        for version in [ProtocolVersion.v311, .v5] {
            for flags in UInt8.min...UInt8.max {
                let none: [UInt8] = version == .v5 ? [0] : []
                var body = field("MQTT") + [version.rawValue, flags, 0, 0] + none + field("c")
                if flags & 0x04 != 0 { body += none + field("w") + field("") }
                if flags & 0x80 != 0 { body += field("user") }
                if flags & 0x40 != 0 { body += field("password") }
                let expected: DecodeError?
                if flags & 0x01 != 0 {
                    expected = .malformed(.reservedConnectFlag)
                } else if flags & 0x18 == 0x18 {
                    expected = .malformed(.reservedQoS)
                } else if flags & 0x04 == 0 && flags & 0x38 != 0 {
                    expected = .malformed(.willFlags)
                } else if version == .v311 && flags & 0xC0 == 0x40 {
                    expected = .malformed(.passwordWithoutUserName)
                } else {
                    expected = nil
                }
                #expect(refusal(of: packet(0x10, body), version) == expected, "\(flags)")
            }
        }
    }

    @Test func fieldsThatAreMissingOrTooMany() {
        let start = field("MQTT") + [4, 0xC6, 0, 0]
        let fields = ["client", "will", "payload", "user", "password"].map { field($0) }
        for count in 0..<fields.count {
            let body = start + fields[..<count].flatMap { $0 }
            #expect(refusal(of: packet(0x10, body), .v311) == .malformed(.truncated))
        }
        let body = start + fields.flatMap { $0 }
        #expect(refusal(of: packet(0x10, body), .v311) == nil)
        #expect(refusal(of: packet(0x10, body + [0]), .v311) == .malformed(.trailingBytes))
    }

    /// [MQTT-3.1.3-4], [MQTT-3.1.3-11], [MQTT-3.1.3-12]
    @Test func textsAreChecked() {
        let start = field("MQTT") + [4, 0x86, 0, 0]
        let bad = field([0xC0, 0x80])
        let cases: [([UInt8], DecodeError)] = [
            (bad + field("w") + field("") + field("u"), .malformed(.notUTF8)),
            (field("c") + bad + field("") + field("u"), .malformed(.notUTF8)),
            (field("c") + field("w") + field("") + bad, .malformed(.notUTF8)),
            (field("c") + field("w/#") + field("") + field("u"), .malformed(.wildcardInTopicName)),
            (field("c") + field("") + field("") + field("u"), .malformed(.emptyTopic)),
            (field("c\0") + field("w") + field("") + field("u"), .malformed(.nullCharacter)),
        ]
        for (payload, expected) in cases {
            #expect(refusal(of: packet(0x10, start + payload), .v311) == expected)
        }
        let binary = start + field("c") + field("w") + bad + field("u")
        #expect(refusal(of: packet(0x10, binary), .v311) == nil)
    }
}
