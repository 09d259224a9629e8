// SPDX-License-Identifier: Apache-2.0
//
// PUBLISH as received: random round trips in both directions and the rules of its form.

import MQTT
import Testing

@Suite struct PublishPacketTests {
    func publish(
        _ wire: [UInt8], _ version: ProtocolVersion, _ sender: Role,
        validatingTopic: Bool = true
    ) throws -> PublishPacket {
        let header = try #require(try FixedHeader.read(wire.span, at: 0, version: version))
        return try PublishPacket(
            wire.span, header, version, from: sender, validatingTopic: validatingTopic)
    }

    @Test func roundTrips() throws {
        var random = SplitMix64(seed: 21)
        for _ in 0..<3_000 {
            let sender = random.pick([Role.client, .server])
            let sent = random.publish(random.version(), from: sender)
            let wire = sent.encoded()
            let packet = try publish(wire, sent.version, sender)
            #expect(packet.qos == sent.head.qos)
            #expect(packet.duplicate == sent.head.duplicate)
            #expect(packet.retain == sent.head.retain)
            #expect(packet.id == sent.head.id)
            #expect(wire.text(packet.topic) == sent.topic)
            #expect(wire.bytes(packet.payload) == sent.payload)
            guard sent.version == .v5 else {
                #expect(packet.properties == .none)
                continue
            }
            #expect(packet.properties.messageExpiry == sent.head.messageExpiry)
            #expect(packet.properties.topicAlias == sent.head.topicAlias)
            #expect(identifiers(packet, wire) == sent.subscriptionIdentifiers)
            Self.check(packet.properties, sent.properties, wire)
        }
    }

    private func identifiers(_ packet: PublishPacket, _ wire: [UInt8]) -> [UInt32] {
        var found: [UInt32] = []
        var entries = packet.properties.all.makeIterator()
        while let entry = entries.next(.subscriptionIdentifier, in: wire.span) {
            found.append(entry.number)
        }
        return found
    }

    /// The message's own properties, of a PUBLISH or a will.
    static func check(
        _ properties: PublishProperties, _ sent: MessageProperties, _ wire: [UInt8]
    ) {
        func first(_ id: PropertyID) -> Property? { properties.all.first(id, in: wire.span) }
        #expect(first(.payloadFormatIndicator)?.number == sent.isText.map { $0 ? 1 : 0 })
        #expect(wire.text(first(.contentType)?.value) == sent.contentType)
        #expect(wire.text(first(.responseTopic)?.value) == sent.responseTopic)
        #expect(wire.bytes(first(.correlationData)?.value) == sent.correlationData)
        #expect(wire.userProperties(of: properties.all) == sent.userProperties)
    }

    @Test func topicsAreChecked() {
        #expect(refusal(of: packet(0x30, field("a/#")), .v311) == .malformed(.wildcardInTopicName))
        #expect(refusal(of: packet(0x30, field([0xFF])), .v311) == .malformed(.notUTF8))
        #expect(refusal(of: packet(0x30, field("a\0")), .v311) == .malformed(.nullCharacter))
        #expect(refusal(of: packet(0x30, field("")), .v311) == .malformed(.emptyTopic))
        #expect(refusal(of: packet(0x30, [0, 3, 0x61]), .v311) == .malformed(.truncated))
        #expect(refusal(of: packet(0x30, []), .v5) == .malformed(.truncated))
    }

    @Test func aKnownTopicNeedsNoCheck() throws {
        let wire = packet(0x30, field("a/#"))
        let packet = try publish(wire, .v311, .client, validatingTopic: false)
        #expect(wire.text(packet.topic) == "a/#")
    }

    @Test func anEmptyTopicNeedsAnAlias() {
        #expect(refusal(of: packet(0x30, field("") + [0]), .v5) == .protocolError(.emptyTopic))
        #expect(refusal(of: packet(0x30, field("") + [3, 0x23, 0, 1]), .v5) == nil)
        #expect(refusal(of: packet(0x30, field("") + [3, 0x23, 0, 0]), .v5) == .topicAliasInvalid)
    }

    /// [MQTT-2.2.1-2], [MQTT-2.2.1-3]
    @Test func packetIdentifiers() throws {
        let zero = packet(0x32, field("t") + [0, 0])
        #expect(refusal(of: zero, .v311) == .protocolError(.packetIdentifierZero))
        #expect(refusal(of: packet(0x34, field("t") + [1]), .v311) == .malformed(.truncated))
        let unacknowledged = packet(0x30, field("t") + [0, 0])
        #expect(try publish(unacknowledged, .v311, .client).id == nil)
        #expect(try publish(unacknowledged, .v311, .client).payload.count == 2)
    }

    /// [MQTT-3.3.4-6]
    @Test func onlyAServerSendsSubscriptionIdentifiers() {
        let wire = packet(0x30, field("t") + [2, 0x0B, 1])
        #expect(refusal(of: wire, .v5, from: .server) == nil)
        #expect(refusal(of: wire, .v5, from: .client) == .protocolError(.propertyOfOtherRole))
    }

    @Test func propertiesMayNotReachBeyondThePacket() {
        #expect(refusal(of: packet(0x30, field("t")), .v5) == .malformed(.truncated))
        #expect(refusal(of: packet(0x30, field("t") + [5, 1, 0]), .v5) == .malformed(.truncated))
        #expect(
            refusal(of: packet(0x30, field("t") + [0x80, 0]), .v5) == .malformed(.notShortestForm))
        #expect(refusal(of: packet(0x30, field("t") + [0x80]), .v5) == .malformed(.truncated))
    }

    @Test func packetsBehindEachOtherAreReadWhereTheyLie() throws {
        let first = PublishSample(
            version: .v311, head: PublishHead(qos: .atMostOnce), topic: "first", payload: [1])
        let second = PublishSample(
            version: .v311, head: PublishHead(qos: .exactlyOnce, id: 7), topic: "second",
            payload: [2, 2])
        let wire = first.encoded() + second.encoded()
        let start = try #require(try FixedHeader.read(wire.span, at: 0)).end
        let header = try #require(try FixedHeader.read(wire.span, at: start))
        let packet = try PublishPacket(wire.span, header, .v311, from: .client)
        #expect(wire.text(packet.topic) == "second")
        #expect(wire.bytes(packet.payload) == [2, 2])
        #expect(header.end == wire.count)
    }
}
