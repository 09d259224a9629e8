// SPDX-License-Identifier: Apache-2.0
// 2.2.2, properties: where each may stand, how often, and with which values. The table is written
// anew from the standard, and not taken from the code that it judges.
import BrokerCore
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct Properties {}
}

/// Where a client can put a property block.
private enum Place: CaseIterable {
    case connect, will, publish, puback, pubrec, pubrel, pubcomp, subscribe, unsubscribe
    case disconnect

    func packet(_ block: [UInt8]) -> [UInt8] {
        switch self {
        case .connect: Raw.connect(.v5, properties: block, Raw.text("c"))
        case .will:
            Raw.connect(
                .v5, flags: 6,
                Raw.text("c") + Raw.properties(block) + Raw.text("w") + Raw.text("x"))
        case .publish: Raw.publish(.v5, "t", properties: block)
        case .puback: Raw.packet(0x40, [0, 1, 0] + Raw.properties(block))
        case .pubrec: Raw.packet(0x50, [0, 1, 0] + Raw.properties(block))
        case .pubrel: Raw.packet(0x62, [0, 1, 0] + Raw.properties(block))
        case .pubcomp: Raw.packet(0x70, [0, 1, 0] + Raw.properties(block))
        case .subscribe: Raw.subscribe(.v5, properties: block, ([UInt8]("t"), 0))
        case .unsubscribe: Raw.unsubscribe(.v5, properties: block, [UInt8]("t"))
        case .disconnect: Raw.packet(0xE0, [0x04] + Raw.properties(block))
        }
    }

    /// All packets with one of these blocks are refused with the code.
    func refuses(_ blocks: [[UInt8]], _ reason: ReasonCode) throws {
        let cases = blocks.map { (packet($0), reason) }
        switch self {
        case .connect, .will: try expectUnwelcome(cases, .v5)
        default: try expectRefusals(cases, [.v5])
        }
    }
}

private struct Entry {
    let bytes: [UInt8]
    let places: [Place]

    init(_ bytes: [UInt8], _ places: [Place] = []) {
        self.bytes = bytes
        self.places = places
    }
}

private let answers: [Place] = [.puback, .pubrec, .pubrel, .pubcomp, .disconnect]

/// With a right value of each, and the places from which a client may send it.
private let table: [Entry] = [
    Entry([0x01, 1], [.publish, .will]),
    Entry([0x02, 0, 0, 0, 9], [.publish, .will]),
    Entry([0x03] + Raw.text("text"), [.publish, .will]),
    Entry([0x08] + Raw.text("answer"), [.publish, .will]),
    Entry([0x09] + Raw.text([0, 1]), [.publish, .will]),
    Entry([0x0B, 1], [.subscribe]),
    Entry([0x11, 0, 0, 0, 0], [.connect, .disconnect]),
    Entry([0x12] + Raw.text("c")),
    Entry([0x13, 0, 9]),
    Entry([0x15] + Raw.text("method"), [.connect]),
    Entry([0x16] + Raw.text([1]), [.connect]),
    Entry([0x17, 1], [.connect]),
    Entry([0x18, 0, 0, 0, 9], [.will]),
    Entry([0x19, 0], [.connect]),
    Entry([0x1A] + Raw.text("info")),
    Entry([0x1C] + Raw.text("other"), [.disconnect]),
    Entry([0x1F] + Raw.text("because"), answers),
    Entry([0x21, 0, 9], [.connect]),
    Entry([0x22, 0, 9], [.connect]),
    Entry([0x23, 0, 1], [.publish]),
    Entry([0x24, 1]),
    Entry([0x25, 1]),
    Entry(Raw.userProperty("name", "value"), Place.allCases),
    Entry([0x27, 0, 0, 1, 0], [.connect]),
    Entry([0x28, 1]),
    Entry([0x29, 1]),
    Entry([0x2A, 1]),
]

extension Conformance.Properties {
    @Test func `[5.0 property-place] a property at the wrong place is malformed`() throws {
        for place in Place.allCases {
            let wrong = table.filter { !$0.places.contains(place) }
            // In PUBLISH it has a place, but not from a client.
            try place.refuses(
                wrong.map(\.bytes).filter { place != .publish || $0[0] != 0x0B }, .malformedPacket)
        }
    }

    @Test func `[5.0 property-twice] a property that is there twice is a protocol error`() throws {
        for place in Place.allCases {
            let own = table.filter { $0.places.contains(place) && $0.bytes[0] != 0x26 }
            try place.refuses(own.map { $0.bytes + $0.bytes }, .protocolError)
            // Also with others in between, and with another value.
            let user = Raw.userProperty("n", "v")
            try place.refuses(own.map { $0.bytes + user + $0.bytes }, .protocolError)
        }
    }

    @Test func `[5.0 property-place, property-twice] all at their places are taken`() throws {
        for place in Place.allCases where ![.connect, .will].contains(place) {
            try conversation { scene in
                let plc = scene.client("c", .v5)
                plc.connect()
                let own = table.filter { $0.places.contains(place) }.flatMap(\.bytes)
                let found = plc.send(place.packet(own + Raw.userProperty("name", "value")))
                #expect(!found.contains { if case .disconnect = $0 { true } else { false } })
                #expect(plc.isOpen == (place != .disconnect))
            }
        }
        try conversation { scene in
            for place in [Place.connect, .will] {
                let own = table.filter {
                    $0.places.contains(place) && ![0x15, 0x16].contains($0.bytes[0])
                }
                let plc = scene.client("c", .v5)
                plc.open()
                #expect(plc.send(place.packet(own.flatMap(\.bytes))) == [.connack()])
                plc.disconnect()
            }
        }
    }

    @Test func `[5.0 property-unknown] an unknown property is malformed`() throws {
        let unknown: [[UInt8]] = [
            [0x00], [0x04, 0], [0x07, 0], [0x0A, 0], [0x14, 0], [0x1B, 0], [0x2B, 0], [0x7F, 0],
            [0x80, 0x01, 0], [0xFF, 0xFF, 0xFF, 0x7F], [0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
        ]
        for place in Place.allCases { try place.refuses(unknown, .malformedPacket) }
    }

    @Test func `[5.0 property-form] a value of another form is malformed`() throws {
        for place in Place.allCases {
            let own = table.filter { $0.places.contains(place) }
            // Cut short inside of the block.
            try place.refuses(own.map { Array($0.bytes.dropLast()) }, .malformedPacket)
            try place.refuses(own.map { [$0.bytes[0]] }, .malformedPacket)
        }
        // A block that reaches beyond its packet.
        try expectRefusals(
            [
                ([0x30, 4, 0, 1, 0x74, 1], .malformedPacket),
                ([0x30, 5, 0, 1, 0x74, 0xFF, 0x7F], .malformedPacket),
                ([0x82, 3, 0, 1, 5], .malformedPacket), ([0xE0, 2, 0, 1], .malformedPacket),
                ([0x40, 4, 0, 1, 0, 7], .malformedPacket),
            ], [.v5])
    }

    @Test func `[5.0 property-zero] 0 where none is allowed is a protocol error`() throws {
        try Place.connect.refuses([[0x21, 0, 0], [0x27, 0, 0, 0, 0]], .protocolError)
        try Place.subscribe.refuses([[0x0B, 0]], .protocolError)
        try Place.publish.refuses([[0x23, 0, 0]], .topicAliasInvalid)
    }

    @Test func `[5.0 property-flag] a flag is 0 or 1`() throws {
        try Place.connect.refuses(
            [[0x17, 2], [0x17, 255], [0x19, 2], [0x19, 255]], .protocolError)
        try Place.publish.refuses([[0x01, 2], [0x01, 255]], .protocolError)
        try Place.will.refuses([[0x01, 2]], .protocolError)
    }

    @Test func `[5.0 MQTT-3.1.2-29] without problem information only three packets explain`() throws
    {
        var limits = Limits()
        limits.waitingMax = 1
        try conversation(limits) { scene in
            let (filler, away) = scene.pair(.v5, "full")
            away.lose()
            filler.publish("full", "x", qos: 1, id: 1)
            let plc = scene.client("plc", .v5)
            plc.open()
            plc.send(Raw.connect(.v5, properties: [0x17, 0], Raw.text("plc")))
            plc.subscribe("a#")
            #expect(plc.lastWire == [0x90, 4, 0xEA, 0x61, 0, 0x8F])
            plc.unsubscribe("u")
            #expect(plc.lastWire == [0xB0, 4, 0xEA, 0x62, 0, 0x11])
            plc.pubrel(7)
            #expect(plc.lastWire == [0x70, 3, 0, 7, 0x92])
            plc.pubrec(7)
            #expect(plc.lastWire == [0x62, 3, 0, 7, 0x92])
            // A message that is lost is explained only to who wants to know.
            plc.publish("full", "x", qos: 1, id: 3)
            #expect(plc.lastWire == [0x40, 3, 0, 3, 0x97])
            plc.publish("full", "x", qos: 2, id: 4)
            #expect(plc.lastWire == [0x50, 3, 0, 4, 0x97])
            // Where it is allowed it may still be.
            #expect(plc.send([0x00, 0]) == farewell(.malformedPacket, .v5))
        }
    }
}
