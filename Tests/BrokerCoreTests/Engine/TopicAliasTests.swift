// SPDX-License-Identifier: Apache-2.0
// A publisher says a topic once and its alias from then on: on one connection, within what CONNACK
// offered, and receivers see the topic.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct TopicAliasTests {
    private func publish(
        _ client: Client, _ topic: String, _ payload: String, alias: UInt16, qos: Int = 0,
        id: PacketID? = nil
    ) -> [Packet] {
        let head = PublishHead(qos: QoS(qos), id: id, topicAlias: alias)
        return client.send(Wire.publish(.v5, head, topic, Array(payload.utf8)))
    }

    @Test func connackOffersAliases() throws {
        for limit in [0, 10, 65_535] as [UInt16] {
            var limits = Limits()
            limits.topicAliasMax = limit
            try scene(limits) { scene in
                let plc = scene.client("plc")
                plc.connect()
                let wire = plc.lastWire
                let header = try #require(try FixedHeader.read(wire.span, at: 0, version: .v5))
                let connack = try ConnackPacket(wire.span, header, .v5)
                #expect(connack.topicAliasMaximum == limit)
            }
        }
    }

    /// [MQTT-3.3.2-12]
    @Test func anAliasStandsForItsTopicAtEachQoS() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect()
            db.subscribe("#", qos: 0)
            #expect(publish(plc, "a", "1", alias: 1) == [])
            #expect(publish(plc, "b", "2", alias: 10) == [])
            #expect(publish(plc, "", "3", alias: 1, qos: 1, id: 1) == [.puback(1)])
            #expect(publish(plc, "", "4", alias: 10, qos: 2, id: 2) == [.pubrec(2)])
            #expect(plc.pubrel(2) == [.pubcomp(2)])
            // A topic with a known alias gives it another meaning.
            #expect(publish(plc, "c", "5", alias: 1) == [])
            #expect(publish(plc, "", "6", alias: 1) == [])
            #expect(
                db.received() == [
                    .publish("a", "1"), .publish("b", "2"), .publish("a", "3"), .publish("b", "4"),
                    .publish("c", "5"), .publish("c", "6"),
                ])
        }
    }

    /// The message is its topic's, whatever becomes of the connection that named it.
    @Test func whatWasNamedByAnAliasSurvives() throws {
        try scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.resume()
            db.resume()
            db.subscribe("a")
            #expect(publish(plc, "a", "1", alias: 1, qos: 2, id: 1) == [.pubrec(1)])
            #expect(publish(plc, "", "2", alias: 1, qos: 2, id: 2) == [.pubrec(2)])
            try scene.crash()
            plc.resume()
            db.resume()
            #expect(plc.pubrel(2) == [.pubcomp(2)])
            #expect(db.received() == [.publish("a", "2", qos: 2, id: 1)])
        }
    }

    /// [MQTT-3.3.2-7]
    @Test func anAliasEndsWithItsConnection() {
        scene { scene in
            let plc = scene.client("plc")
            plc.resume()
            #expect(publish(plc, "a", "1", alias: 1) == [])
            plc.lose()
            plc.resume()
            #expect(publish(plc, "", "2", alias: 1) == farewell(.protocolError, .v5))
        }
    }

    /// [MQTT-3.3.2-9]
    @Test func anAliasAboveTheOfferEndsTheConnection() {
        var limits = Limits()
        limits.topicAliasMax = 2
        scene(limits) { scene in
            let plc = scene.client("plc")
            plc.connect()
            #expect(publish(plc, "a", "1", alias: 2) == [])
            #expect(publish(plc, "a", "1", alias: 3) == farewell(.topicAliasInvalid, .v5))
        }
    }
}
