// SPDX-License-Identifier: Apache-2.0
//
// SUBSCRIBE: known bytes, random round trips, options and filters that are wrong.

import MQTT
import Testing

@Suite struct SubscribePacketTests {
    func subscribe(_ wire: [UInt8], _ version: ProtocolVersion) throws -> SubscribePacket {
        let header = try #require(try FixedHeader.read(wire.span, at: 0))
        return try SubscribePacket(wire.span, header, version)
    }

    func requests(_ wire: [UInt8], _ version: ProtocolVersion) throws -> [SubscribeRequest] {
        let packet = try subscribe(wire, version)
        var found: [SubscribeRequest] = []
        var requests = packet.requests.makeIterator()
        while let request = requests.next(in: wire.span) { found.append(request) }
        #expect(found.count == packet.requests.count)
        return found
    }

    @Test func knownBytes() {
        var encoder = SubscribeEncoder(
            .v5, 10,
            [
                .init("a/b", SubscriptionOptions(maximumQoS: .atLeastOnce)),
                .init(
                    "c",
                    SubscriptionOptions(
                        maximumQoS: .exactlyOnce, noLocal: true, retainAsPublished: true,
                        retainHandling: .doNotSend)),
            ])
        encoder.subscriptionIdentifier = 300
        #expect(
            encoder.encoded() == [
                0x82, 16, 0, 10, 3, 0x0B, 0xAC, 0x02, 0, 3, 0x61, 0x2F, 0x62, 0x01, 0, 1, 0x63,
                0x2E,
            ])
    }

    @Test func roundTrips() throws {
        var random = SplitMix64(seed: 24)
        for _ in 0..<3_000 {
            let sent = random.subscribe(random.version())
            let wire = sent.encoded()
            let packet = try subscribe(wire, sent.version)
            #expect(packet.id == sent.id)
            let found = try requests(wire, sent.version)
            #expect(found.map { wire.text($0.filter) } == sent.requests.map(\.filter))
            #expect(found.allSatisfy { $0.topicFilter?.text == $0.filter })
            if sent.version == .v5 {
                #expect(found.map(\.options) == sent.requests.map(\.options))
                #expect(packet.subscriptionIdentifier == sent.subscriptionIdentifier)
                #expect(wire.userProperties(of: packet.properties) == sent.userProperties)
            } else {
                #expect(
                    found.map(\.options)
                        == sent.requests.map { .init(maximumQoS: $0.options.maximumQoS) })
            }
        }
    }

    /// [MQTT-3.8.3-5], [MQTT-3-8.3-4] of 3.1.1
    @Test func everyOptionsByte() {
        for options in UInt8.min...UInt8.max {
            let body = [0, 1] + field("a") + [options]
            let old: DecodeError? =
                options & 0xFC != 0
                ? .malformed(.reservedOptions)
                : options == 3 ? .malformed(.reservedQoS) : nil
            #expect(refusal(of: packet(0x82, body), .v311) == old, "\(options)")
            let new: DecodeError? =
                options & 0xC0 != 0
                ? .malformed(.reservedOptions)
                : options & 0x03 == 3
                    ? .protocolError(.reservedQoS)
                    : options & 0x30 == 0x30 ? .protocolError(.retainHandling) : nil
            let body5 = [0, 1, 0] + field("a") + [options]
            #expect(refusal(of: packet(0x82, body5), .v5) == new, "\(options)")
        }
    }

    @Test func aWrongFilterDoesNotSpoilTheOthers() throws {
        let filters = ["good/+", "bad/#/x", "", "$share/g", "$share/g/ok"]
        let wire = packet(0x82, [0, 1, 0] + filters.flatMap { field($0) + [0] })
        let found = try requests(wire, .v5)
        #expect(found.map { wire.text($0.filter) } == filters)
        #expect(found.map { $0.topicFilter != nil } == [true, false, false, false, true])
        #expect(wire.text(found[4].topicFilter?.shareName) == "g")
    }

    @Test func version311SharesToo() throws {
        let wire = packet(0x82, [0, 1] + field("$share/g/a") + [0])
        #expect(try requests(wire, .v311)[0].topicFilter?.isShared == true)
    }

    /// [MQTT-3.8.3-4]
    @Test func noLocalAndSharingExcludeEachOther() {
        let shared = packet(0x82, [0, 1, 0] + field("$share/g/a") + [0x04])
        #expect(refusal(of: shared, .v5) == .protocolError(.noLocalOnShared))
    }

    /// [MQTT-3.8.3-1], [MQTT-3.8.3-2]
    @Test func wrongOnes() {
        #expect(refusal(of: packet(0x82, [0, 1]), .v311) == .protocolError(.noFilters))
        #expect(refusal(of: packet(0x82, [0, 1, 0]), .v5) == .protocolError(.noFilters))
        #expect(refusal(of: packet(0x82, [0, 1] + field("a")), .v311) == .malformed(.truncated))
        #expect(
            refusal(of: packet(0x82, [0, 0] + field("a") + [0]), .v311)
                == .protocolError(.packetIdentifierZero))
        #expect(
            refusal(of: packet(0x82, [0, 1] + field([0xFF]) + [0]), .v311)
                == .malformed(.notUTF8))
        #expect(
            refusal(of: packet(0x82, [0, 1] + field("a\0") + [0]), .v311)
                == .malformed(.nullCharacter))
    }
}
