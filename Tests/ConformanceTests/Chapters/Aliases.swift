// SPDX-License-Identifier: Apache-2.0
// 3.3.2.3.4, topic aliases in both directions.
import BrokerCore
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct Aliases {}
}

private func publish(_ topic: String, alias: Int, _ payload: String = "x") -> [UInt8] {
    Raw.publish(.v5, topic, properties: [0x23] + Raw.twoBytes(alias), payload)
}

extension Conformance.Aliases {
    @Test func `[5.0 MQTT-3.3.2-12] aliases from 1 to the maximum are taken`() throws {
        for most in [1, 10, 65_535] as [UInt16] {
            var limits = Limits()
            limits.topicAliasMax = most
            try conversation(limits) { scene in
                let (plc, db) = scene.pair(.v5, qos: 0, "#")
                for alias in Set([1, Int(most)]).sorted() {
                    plc.send(publish("t/\(alias)", alias: alias, "named"))
                    plc.send(publish("", alias: alias, "short"))
                    #expect(
                        db.received() == [
                            .publish("t/\(alias)", "named"), .publish("t/\(alias)", "short"),
                        ])
                }
                // A name gives it another meaning.
                plc.send(publish("other", alias: 1, "named"))
                plc.send(publish("", alias: 1, "short"))
                #expect(
                    db.received() == [.publish("other", "named"), .publish("other", "short")])
            }
        }
    }

    @Test func `[5.0 MQTT-3.3.2-7] an alias ends with its connection`() throws {
        try conversation { scene in
            let plc = scene.client("plc", .v5)
            plc.resume()
            plc.send(publish("t", alias: 1))
            plc.lose()
            plc.resume()
            #expect(plc.send(publish("", alias: 1)) == farewell(.protocolError, .v5))
        }
        // And it is nobody else's.
        try conversation { scene in
            let plc = scene.client("plc", .v5)
            let other = scene.client("other", .v5)
            plc.connect()
            other.connect()
            plc.send(publish("t", alias: 1))
            #expect(other.send(publish("", alias: 1)) == farewell(.protocolError, .v5))
        }
    }

    @Test func `[5.0 topic-empty] no topic and no meaning of an alias is a protocol error`() throws
    {
        try expectRefusals(
            [
                (Raw.publish(.v5, ""), .protocolError), (publish("", alias: 1), .protocolError),
                (publish("t", alias: 1) + publish("", alias: 2), .protocolError),
            ], [.v5])
    }

    @Test func `[5.0 MQTT-3.1.2-27] who allows no aliases gets none`() throws {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5, qos: 0)
            for _ in 0..<3 {
                plc.send(publish("t", alias: 3))
                #expect(db.received() == [.publish("t", "x")])
                #expect(db.lastWire == Raw.publish(.v5, "t", "x"))
            }
        }
    }
}

/// The topic of a PUBLISH as it was sent, and the alias with it.
private struct Naming: Equatable {
    let topic: String
    let alias: UInt16?

    init(_ topic: String, _ alias: UInt16?) {
        self.topic = topic
        self.alias = alias
    }

    static func all(in wire: [UInt8]) throws -> [Naming] {
        var namings: [Naming] = []
        var at = 0
        while let header = try FixedHeader.read(wire.span, at: at, version: .v5) {
            at = header.end
            guard header.kind == .publish else { continue }
            let packet = try PublishPacket(wire.span, header, .v5, from: .server)
            namings.append(
                Naming(
                    String(decoding: wire[packet.topic], as: UTF8.self),
                    packet.properties.topicAlias))
        }
        return namings
    }
}

extension Conformance.Aliases {
    @Test func `[5.0 MQTT-3.1.2-26, 3.3.2-8, 3.3.2-11, 3.3.2-7] the broker's are 1 to the maximum`()
        throws
    {
        for most in [1, 2, 65_535] as [UInt16] {
            try conversation { scene in
                let plc = scene.client("plc")
                let db = scene.client("db")
                plc.connect()
                for _ in 0..<2 {
                    db.connect { $0.topicAliasMaximum = most }
                    db.subscribe("#", qos: 0)
                    // What an alias stands for is said before it is used, on each connection.
                    var meanings: [UInt16: String] = [:]
                    for round in 0..<3 {
                        for topic in ["a", "b", "c"] {
                            plc.publish(topic, "x")
                            _ = db.received()
                            let naming = try #require(try Naming.all(in: db.lastWire).first)
                            if let alias = naming.alias {
                                #expect(alias >= 1 && alias <= most)
                                if !naming.topic.isEmpty { meanings[alias] = naming.topic }
                                #expect(meanings[alias] == topic)
                            } else {
                                #expect(naming.topic == topic)
                            }
                            if round > 0, topic == "a" { #expect(naming == Naming("", 1)) }
                        }
                    }
                    #expect(meanings.count == min(3, Int(most)))
                    db.lose()
                }
            }
        }
    }

    @Test func `[5.0 MQTT-3.1.2-26] no more than this broker gives`() throws {
        var limits = Limits()
        limits.outgoingTopicAliasMax = 0
        try conversation(limits) { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect { $0.topicAliasMaximum = 5 }
            db.subscribe("#", qos: 0)
            for _ in 0..<2 {
                plc.publish("a", "x")
                #expect(db.received() == [.publish("a", "x")])
                #expect(db.lastWire == Raw.publish(.v5, "a", "x"))
            }
        }
    }
}
