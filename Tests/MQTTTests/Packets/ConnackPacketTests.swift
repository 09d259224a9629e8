// SPDX-License-Identifier: Apache-2.0
//
// CONNACK: known bytes, random round trips, defaults and refusals.

import MQTT
import Testing

@Suite struct ConnackPacketTests {
    func connack(_ wire: [UInt8], _ version: ProtocolVersion) throws -> ConnackPacket {
        let header = try #require(try FixedHeader.read(wire.span, at: 0))
        return try ConnackPacket(wire.span, header, version)
    }

    @Test func knownBytes() {
        #expect(
            ConnackEncoder(accepting: .v311, sessionPresent: true).encoded() == [0x20, 2, 1, 0])
        #expect(
            ConnackEncoder(accepting: .v5, sessionPresent: false).encoded() == [0x20, 3, 0, 0, 0])
        #expect(
            ConnackEncoder(refusing: .v311, .notAuthorized)?.encoded() == [0x20, 2, 0, 5])
        #expect(
            ConnackEncoder(refusing: .v5, .notAuthorized)?.encoded() == [0x20, 3, 0, 0x87, 0])
        #expect(ConnackEncoder(refusing: .v311, .malformedPacket) == nil)
    }

    @Test func roundTrips() throws {
        var random = SplitMix64(seed: 23)
        for _ in 0..<3_000 {
            let sent = random.connack(random.version())
            let wire = sent.encoded()
            let packet = try connack(wire, sent.version)
            #expect(packet.sessionPresent == sent.sessionPresent)
            #expect(packet.reason == sent.reason)
            guard sent.version == .v5 else {
                #expect(wire.count == 4)
                continue
            }
            checkNumbers(packet, sent)
            checkTexts(packet, sent, wire)
        }
    }

    private func checkNumbers(_ packet: ConnackPacket, _ sent: ConnackEncoder) {
        #expect(packet.sessionExpiry == sent.sessionExpiry)
        #expect(packet.receiveMaximum == sent.receiveMaximum ?? 65_535)
        #expect(packet.maximumQoS == sent.maximumQoS)
        #expect(packet.retainAvailable == sent.retainAvailable ?? true)
        #expect(packet.maximumPacketSize == sent.maximumPacketSize)
        #expect(packet.topicAliasMaximum == sent.topicAliasMaximum ?? 0)
        #expect(
            packet.wildcardSubscriptionAvailable == sent.wildcardSubscriptionAvailable ?? true)
        #expect(
            packet.subscriptionIdentifierAvailable == sent.subscriptionIdentifierAvailable ?? true)
        #expect(packet.sharedSubscriptionAvailable == sent.sharedSubscriptionAvailable ?? true)
        #expect(packet.serverKeepAlive == sent.serverKeepAlive)
    }

    private func checkTexts(_ packet: ConnackPacket, _ sent: ConnackEncoder, _ wire: [UInt8]) {
        #expect(wire.bytes(packet.assignedClientID) == sent.assignedClientID?.bytes)
        #expect(wire.text(packet.reasonString) == sent.reasonString)
        #expect(wire.text(packet.responseInformation) == sent.responseInformation)
        #expect(wire.text(packet.serverReference) == sent.serverReference)
        #expect(wire.text(packet.authenticationMethod) == sent.authenticationMethod)
        #expect(wire.bytes(packet.authenticationData) == sent.authenticationData)
        #expect(wire.userProperties(of: packet.properties) == sent.userProperties)
    }

    @Test func wrongOnes() {
        let cases: [([UInt8], ProtocolVersion, DecodeError)] = [
            ([2, 0], .v311, .malformed(.reservedAcknowledgeFlags)),
            ([0, 6], .v311, .malformed(.reasonCode)),
            ([1, 5], .v311, .protocolError(.sessionPresentOnFailure)),
            ([0, 0, 0], .v311, .malformed(.trailingBytes)),
            ([0], .v311, .malformed(.truncated)),
            ([0, 0], .v5, .malformed(.truncated)),
            ([0, 0x8E, 0], .v5, .protocolError(.reasonCode)),
            ([1, 0x87, 0], .v5, .protocolError(.sessionPresentOnFailure)),
            ([0, 0, 0, 0], .v5, .malformed(.trailingBytes)),
        ]
        for (body, version, expected) in cases {
            let wire = packet(0x20, body)
            #expect(refusal(of: wire, version, from: .server) == expected, "\(body)")
        }
    }
}
