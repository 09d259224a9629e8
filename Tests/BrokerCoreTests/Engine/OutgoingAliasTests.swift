// SPDX-License-Identifier: Apache-2.0
// Topic aliases from the broker to receivers that allow them: the topic once, its alias from then
// on, and never more aliases than were allowed.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct OutgoingAliasTests {
    /// Topic and alias of each PUBLISH that came last.
    private func aliases(_ client: Client) throws -> [String] {
        _ = client.received()
        let wire = client.lastWire
        var found: [String] = []
        var at = 0
        while let header = try FixedHeader.read(wire.span, at: at, version: .v5) {
            let packet = try PublishPacket(wire.span, header, .v5, from: .server)
            let topic = String(decoding: wire[packet.topic], as: UTF8.self)
            found.append(topic + (packet.properties.topicAlias.map { "=\($0)" } ?? ""))
            at = header.end
        }
        return found
    }

    private func receiver(_ scene: Scene, _ maximum: UInt16?, size: UInt32? = nil) -> Client {
        let db = scene.client("db")
        db.connect {
            $0.topicAliasMaximum = maximum
            $0.maximumPacketSize = size
        }
        db.subscribe("#", qos: 1)
        return db
    }

    /// [MQTT-3.3.2-11], [MQTT-3.1.2-26]
    @Test func aTopicIsNamedOnce() throws {
        try scene { scene in
            let db = receiver(scene, 2)
            let plc = scene.client("plc")
            plc.connect()
            for topic in ["one", "two", "one", "three", "two", "three"] { plc.publish(topic) }
            try #expect(aliases(db) == ["one=1", "two=2", "=1", "three", "=2", "three"])
            plc.publish("one", "", qos: 1, id: 1)
            try #expect(aliases(db) == ["=1"])
        }
    }

    /// [MQTT-3.1.2-27]
    @Test func whoAllowsNoneGetsNone() throws {
        for maximum in [nil, 0] as [UInt16?] {
            try scene { scene in
                let db = receiver(scene, maximum)
                let plc = scene.client("plc")
                plc.connect()
                plc.publish("one")
                plc.publish("one")
                try #expect(aliases(db) == ["one", "one"])
            }
        }
        var limits = Limits()
        limits.outgoingTopicAliasMax = 0
        try scene(limits) { scene in
            let db = receiver(scene, 10)
            let plc = scene.client("plc")
            plc.connect()
            plc.publish("one")
            try #expect(aliases(db) == ["one"])
        }
    }

    /// [MQTT-3.3.2-7]
    @Test func aNewConnectionBeginsAnew() throws {
        try scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            for _ in 0..<2 {
                let db = receiver(scene, 10)
                plc.publish("one")
                try #expect(aliases(db) == ["one=1"])
                db.disconnect()
            }
        }
    }

    /// To name an alias takes three bytes more, which the receiver may not take. [MQTT-3.1.2-24]
    @Test func anAliasDoesNotMakeAPacketTooLarge() throws {
        try scene { scene in
            // header 2, topic 2 + 4, no properties 1, payload 4
            let db = receiver(scene, 10, size: 13)
            let plc = scene.client("plc")
            plc.connect()
            plc.publish("four", "1234")
            try #expect(aliases(db) == ["four"])
            plc.publish("four", "1")
            plc.publish("four", "1234")
            try #expect(aliases(db) == ["four=1", "=1"])
        }
    }

    /// A topic that is shorter than its alias gains nothing, and could become too large.
    @Test func aShortTopicHasNoAliasWhereSizeCounts() throws {
        try scene { scene in
            // header 2, topic 2 + 1, no properties 1, payload 7
            let db = receiver(scene, 10, size: 13)
            let plc = scene.client("plc")
            plc.connect()
            for payload in ["", "1234567"] { plc.publish("t", payload) }
            try #expect(aliases(db) == ["t", "t"])
        }
    }

    @Test func manyTopicsKeepTheirAliases() throws {
        var limits = Limits()
        limits.outgoingTopicAliasMax = 500
        try scene(limits) { scene in
            let db = receiver(scene, 300)
            let plc = scene.client("plc")
            plc.connect()
            for number in 1...400 { plc.publish("t\(number)") }
            let named = (1...300).map { "t\($0)=\($0)" } + (301...400).map { "t\($0)" }
            try #expect(aliases(db) == named)
            for number in 1...400 { plc.publish("t\(number)") }
            try #expect(aliases(db) == (1...300).map { "=\($0)" } + (301...400).map { "t\($0)" })
        }
    }
}
