// SPDX-License-Identifier: Apache-2.0
// 4.7, topic names and topic filters.
import BrokerCore
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct Topics {}
}

/// Which of the topics a subscriber of `filter` gets, in either version.
private func expect(
    _ filter: String, gets wanted: [String], butNot others: [String],
    _ location: SourceLocation = #_sourceLocation
) throws {
    try conversations { scene, version in
        let (plc, db) = scene.pair(version, qos: 0, filter)
        for topic in wanted + others { plc.publish(topic) }
        #expect(db.received() == wanted.map { .publish($0) }, sourceLocation: location)
    }
}

private func expectInvalid(_ filters: [String]) throws {
    try conversations { scene, version in
        let db = scene.client("db", version)
        db.connect()
        let code: ReasonCode = version == .v5 ? .topicFilterInvalid : .unspecifiedError
        for filter in filters {
            #expect(db.subscribe(filter) == [.suback([code])], "\(filter)")
        }
    }
}

extension Conformance.Topics {
    @Test func `[3.1.1 MQTT-4.7.1-2] [5.0 MQTT-4.7.1-1] # is a level of its own, the last one`()
        throws
    {
        try expect(
            "sport/tennis/player1/#",
            gets: [
                "sport/tennis/player1", "sport/tennis/player1/ranking",
                "sport/tennis/player1/score/wimbledon", "sport/tennis/player1/",
            ], butNot: ["sport/tennis/player2", "sport/tennis", "sport/tennis/player10"])
        try expect("#", gets: ["a", "/", "a/b", "/a", "a/"], butNot: ["$a", "$a/b"])
        try expect("/#", gets: ["/", "/a", "/a/b"], butNot: ["a", "a/b"])
        try expectInvalid(["sport/tennis#", "sport/tennis/#/ranking", "##", "#/", "#a", "a/#b"])
    }

    @Test func `[3.1.1 MQTT-4.7.1-3] [5.0 MQTT-4.7.1-2] + is a level of its own, at any place`()
        throws
    {
        try expect(
            "sport/tennis/+", gets: ["sport/tennis/player1", "sport/tennis/"],
            butNot: ["sport/tennis/player1/ranking", "sport/tennis"])
        try expect("sport/+", gets: ["sport/"], butNot: ["sport"])
        try expect("+", gets: ["a", "sport"], butNot: ["/a", "a/", "a/b"])
        try expect("+/+", gets: ["/finance", "a/b", "/"], butNot: ["a", "a/b/c"])
        try expect("/+", gets: ["/finance"], butNot: ["finance"])
        try expect("+/tennis/#", gets: ["a/tennis", "/tennis/b/c"], butNot: ["tennis", "a/b"])
        try expect("+/+/c", gets: ["a/b/c", "//c"], butNot: ["a/c", "a/b/c/d"])
        try expectInvalid(["sport+", "sport/+a", "a+/b", "++", "+#"])
    }

    @Test func `[3.1.1 MQTT-4.7.1-1] [5.0 MQTT-4.7.0-1] names with wildcards are refused`() throws {
        for version in versions {
            try expectRefusals(
                ["a/+", "+", "#", "a/#"].map { (Raw.publish(version, $0), .malformedPacket) },
                [version])
        }
    }

    @Test func `[MQTT-4.7.2-1] a filter that begins with a wildcard matches no leading $`() throws {
        // `$SYS` itself is the broker's alone: SysTopicsTests.
        let topics = ["$SYSTEM", "$SYSTEM/monitor/Clients", "$a/b", "$"]
        try expect("#", gets: ["a/$b"], butNot: topics)
        try expect("+/#", gets: ["a"], butNot: topics)
        try expect("+/monitor/Clients", gets: ["a/monitor/Clients"], butNot: topics)
        try expect("+", gets: ["a"], butNot: topics)
        try expect("$a/#", gets: ["$a", "$a/b"], butNot: ["a", "$ab"])
        try expect("$a/+", gets: ["$a/b"], butNot: ["$a"])
        // Retained messages too.
        try conversations { scene, version in
            let plc = scene.client("plc", version)
            plc.connect()
            plc.publish("$a/b", "x", retain: true)
            #expect(plc.subscribe("#", "+/b", qos: 0).count == 1)
            #expect(plc.subscribe("$a/+", qos: 0).count == 2)
        }
    }

    @Test func `[MQTT-4.7.3-1] at least one character`() throws {
        try expectInvalid([""])
        try expectRefusals([(Raw.publish(.v311, ""), .malformedPacket)], [.v311])
        try expectRefusals([(Raw.publish(.v5, ""), .protocolError)], [.v5])
        for version in versions {
            let none = Raw.properties([], version)
            try expectUnwelcome(
                [
                    (
                        Raw.connect(
                            version, flags: 6,
                            Raw.text("c") + none + Raw.text("") + Raw.text("x")), .malformedPacket
                    )
                ], version)
        }
        try expect("/", gets: ["/"], butNot: ["a", "//"])
        try expect(" ", gets: [" "], butNot: ["  "])
    }

    @Test func `[MQTT-4.7.3-2] no U+0000`() throws {
        for version in versions {
            try expectRefusals(
                [
                    (Raw.publish(version, [0x61, 0, 0x62]), .malformedPacket),
                    (Raw.subscribe(version, ([0x61, 0, 0x62], 0)), .malformedPacket),
                    (Raw.unsubscribe(version, [0x61, 0, 0x62]), .malformedPacket),
                ], [version])
        }
    }

    @Test func `[MQTT-4.7.3-3] 65,535 bytes and not one more`() throws {
        try conversations { scene, version in
            let name = String(repeating: "x", count: 65_535)
            let (plc, db) = scene.pair(version, qos: 0, name)
            plc.publish(name, "x")
            plc.publish(String(name.dropLast()), "x")
            #expect(db.received() == [.publish(name, "x")])
        }
    }

    @Test func `[MQTT-4.7.3-4] names are compared as they are`() throws {
        // Strings of Swift are equal when they look so: the bytes are told apart by their payload.
        let names: [[UInt8]] = [
            [UInt8]("caf\u{E9}"), [UInt8]("cafe\u{301}"), [UInt8]("CAF\u{E9}"), [UInt8]("\u{212B}"),
            [UInt8]("\u{C5}"), [UInt8]("A\u{30A}"), [UInt8]("a/b"), [UInt8]("a//b"),
            [UInt8]("a/b/"),
            [UInt8]("A/b"), [UInt8]("a /b"), [UInt8]("\u{FB01}"), [UInt8]("fi"),
        ]
        try conversations { scene, version in
            let plc = scene.client("plc", version)
            plc.connect()
            for (number, filter) in names.enumerated() {
                let db = scene.client("db", version)
                db.connect()
                db.send(Raw.subscribe(version, (filter, 0)))
                for (other, name) in names.enumerated() {
                    plc.send(Raw.publish(version, name, [UInt8(other)]))
                }
                #expect(db.received().count == 1)
                #expect(db.lastWire == Raw.publish(version, names[number], [UInt8(number)]))
            }
        }
    }
}
