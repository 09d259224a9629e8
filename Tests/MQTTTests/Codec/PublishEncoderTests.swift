// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a PUBLISH for a receiver, its size before and after, and what a receiver takes.

import MQTT
import Testing

@Suite struct PublishEncoderTests {
    @Test func bytesOfAPlainPublish() {
        let sample = PublishSample(
            version: .v311, head: PublishHead(qos: .exactlyOnce, retain: true, id: 0x0102),
            topic: "a/b", payload: [9, 8])
        #expect(sample.encoded() == [0x35, 9, 0, 3, 0x61, 0x2F, 0x62, 1, 2, 9, 8])
        var again = sample
        again.version = .v5
        again.head.duplicate = true
        #expect(again.encoded() == [0x3D, 10, 0, 3, 0x61, 0x2F, 0x62, 1, 2, 0, 9, 8])
    }

    @Test func bytesOfAPublishWithProperties() {
        let sample = PublishSample(
            version: .v5,
            head: PublishHead(qos: .atMostOnce, messageExpiry: 5, topicAlias: 7), topic: "",
            subscriptionIdentifiers: [1, 128],
            properties: MessageProperties(contentType: "x", userProperties: [.init("n", "v")]))
        #expect(
            sample.encoded() == [
                0x30, 27, 0, 0, 24, 0x02, 0, 0, 0, 5, 0x23, 0, 7, 0x0B, 1, 0x0B, 0x80, 0x01,
                0x03, 0, 1, 0x78, 0x26, 0, 1, 0x6E, 0, 1, 0x76,
            ])
    }

    @Test func theSizeIsKnownBefore() {
        var random = SplitMix64(seed: 4)
        for _ in 0..<2_000 {
            let sample = random.publish(random.version(), from: .server)
            let wire = sample.encoded()
            #expect(sample.encoder.packetSize == wire.count)
            #expect(sample.encoder.encodedSize == wire.count - sample.payload.count)
        }
    }

    @Test func lengthsAtTheBorders() {
        for length in [127, 128, 16_383, 16_384, 2_097_151, 2_097_152] {
            let sample = PublishSample(
                version: .v311, head: PublishHead(qos: .atMostOnce), topic: "t",
                payload: Array(repeating: 0, count: length - 3))
            let wire = sample.encoded()
            #expect(wire.count == 1 + VariableByteInteger.size(of: length) + length)
            #expect(refusal(of: wire, .v311) == nil)
        }
    }

    /// [MQTT-3.1.2-24]
    @Test func aReceiverMayTakeLess() {
        func encoder(_ payloadCount: Int) -> PublishEncoder {
            PublishEncoder(
                PublishHead(qos: .atMostOnce), .v5, topicCount: 1, payloadCount: payloadCount)
        }
        #expect(encoder(10).packetSize == 16)
        #expect(encoder(10).fits(16))
        #expect(!encoder(10).fits(15))
        #expect(encoder(10).fits(nil))
        #expect(encoder(268_435_455 - 4).fits(nil))
        #expect(!encoder(268_435_455 - 3).fits(nil))
    }

    @Test func aMessageGoesThroughUnchanged() throws {
        var random = SplitMix64(seed: 5)
        for _ in 0..<3_000 {
            let sent = random.publish(.v5, from: .server)
            let wire = sent.encoded()
            guard case .publish(let packet) = try decode(wire, .v5, from: .server) else {
                Issue.record("not a PUBLISH: \(wire)")
                return
            }
            let handedOn = written(packet.properties.forwardableCount) { output in
                packet.properties.appendForwardable(from: wire.span, to: &output)
            }
            #expect(handedOn == sent.forwardable)
        }
    }

    /// Entries of one hop between, before and behind those of the message.
    @Test func theMessageOwnPropertiesKeepTheirOrder() throws {
        let expiry: [UInt8] = [0x02, 0, 0, 0, 9]
        let alias: [UInt8] = [0x23, 0, 9]
        let identifier: [UInt8] = [0x0B, 0x81, 0x01]
        let user: [UInt8] = [0x26, 0, 1, 0x61, 0, 0]
        let content: [UInt8] = [0x03, 0, 1, 0x62]
        let orders: [[[UInt8]]] = [
            [expiry, user, alias, content, identifier], [user, expiry, alias, user, content],
            [alias, identifier, identifier, expiry], [content, user], [user, identifier, user],
        ]
        for entries in orders {
            let block = entries.flatMap { $0 }
            let wire = packet(0x30, field("t") + [UInt8(block.count)] + block + [1])
            guard case .publish(let packet) = try decode(wire, .v5, from: .server) else {
                Issue.record("not a PUBLISH")
                return
            }
            let expected = entries.filter { $0 == user || $0 == content }.flatMap { $0 }
            #expect(packet.properties.forwardableCount == expected.count)
            let handedOn = written(expected.count) { output in
                packet.properties.appendForwardable(from: wire.span, to: &output)
            }
            #expect(handedOn == expected)
        }
    }
}
