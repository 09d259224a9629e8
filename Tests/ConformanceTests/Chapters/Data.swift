// SPDX-License-Identifier: Apache-2.0
// 1.4 of MQTT 3.1.1 and 1.5 of MQTT 5.0: how text and numbers are written.
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct Data {}
}

/// Every packet of a client that carries text, with this text in it.
private func packets(with text: [UInt8], _ version: ProtocolVersion) -> [[UInt8]] {
    let both = [
        Raw.publish(version, text), Raw.subscribe(version, (text, 0)),
        Raw.subscribe(version, ([UInt8]("a"), 0), (text, 0)), Raw.unsubscribe(version, text),
    ]
    guard version == .v5 else { return both }
    let pair = [0x26] + Raw.text("name") + Raw.text(text)
    let response = [0x08] + Raw.text(text)
    let content = [0x03] + Raw.text(text)
    return both + [
        Raw.publish(.v5, "t", properties: pair), Raw.publish(.v5, "t", properties: response),
        Raw.publish(.v5, "t", properties: content),
        Raw.packet(0xE0, [0x04] + Raw.properties([0x1F] + Raw.text(text))),
    ]
}

/// CONNECT with this text as client identifier, as topic of its will, and as user name.
private func connects(with text: [UInt8], _ version: ProtocolVersion) -> [[UInt8]] {
    let none = Raw.properties([], version)
    return [
        Raw.connect(version, Raw.text(text)),
        Raw.connect(version, flags: 0x06, Raw.text("c") + none + Raw.text(text) + Raw.text("x")),
        Raw.connect(version, flags: 0x82, Raw.text("c") + Raw.text(text)),
    ]
}

private func expectMalformed(_ texts: [[UInt8]]) throws {
    for version in versions {
        try expectRefusals(
            texts.flatMap { packets(with: $0, version) }.map { ($0, .malformedPacket) }, [version])
        try expectUnwelcome(
            texts.flatMap { connects(with: $0, version) }.map { ($0, .malformedPacket) }, version)
    }
}

extension Conformance.Data {
    @Test func `[3.1.1 MQTT-1.4.0-1] [5.0 MQTT-1.5.4-1] ill-formed text is malformed`() throws {
        try expectMalformed([
            [0x61, 0xC3, 0x28],  // a continuation that is none
            [0xC3],  // no continuation
            [0xC0, 0x80],  // a longer form than needed
            [0xED, 0xA0, 0x80],  // U+D800
            [0xED, 0xBF, 0xBF],  // U+DFFF
            [0xF4, 0x90, 0x80, 0x80],  // above U+10FFFF
            [0xFF],
        ])
    }

    @Test func `[3.1.1 MQTT-1.4.0-2] [5.0 MQTT-1.5.4-2] U+0000 in a text is malformed`() throws {
        try expectMalformed([[0], [0x61, 0], [0, 0x61], [0x61, 0, 0xC3, 0xA9]])
    }

    @Test func `[3.1.1 MQTT-1.4.0-1] [5.0 MQTT-1.5.4-1] all other characters are text`() throws {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, qos: 0, "#")
            let name = "\u{1}\u{7F}é\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFD}\u{10000}\u{10FFFF}"
            plc.publish(name, "x")
            #expect(db.received() == [.publish(name, "x")])
        }
    }

    @Test func `[3.1.1 MQTT-1.4.0-3] [5.0 MQTT-1.5.4-3] EF BB BF is a character and stays`() throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, qos: 0, "\u{FEFF}t")
            plc.publish("t", "without")
            plc.publish("\u{FEFF}t", "with")
            #expect(db.received().count == 1)
            #expect(
                db.lastWire == Raw.publish(version, [0xEF, 0xBB, 0xBF, 0x74], [UInt8]("with")))
        }
    }

    @Test func `[5.0 MQTT-1.5.5-1] numbers of variable length are as short as can be`() throws {
        try expectRefusals(
            [
                ([0x30, 0x84, 0x00, 0, 1, 0x74, 0], .malformedPacket),
                ([0x30, 0x84, 0x80, 0x00, 0, 1, 0x74, 0], .malformedPacket),
                ([0xC0, 0x80, 0x00], .malformedPacket),
                ([0x30, 5, 0, 1, 0x74, 0x80, 0x00], .malformedPacket),
                ([0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], .malformedPacket),
            ], [.v5])
        for remaining in [127, 128, 16_383, 16_384, 2_097_151, 2_097_152] {
            try conversation { scene in
                let (plc, db) = scene.pair(.v5, qos: 0)
                let text = String(repeating: "x", count: remaining - 4)
                plc.publish("t", text)
                #expect(db.received() == [.publish("t", text)])
                #expect(db.lastWire == Raw.publish(.v5, "t", text))
                #expect(db.lastWire.count == remaining + Raw.variable(remaining).count + 1)
            }
        }
    }

    @Test func `[5.0 MQTT-1.5.7-1] both strings of a pair are text`() throws {
        let wrong = [[0xC3, 0x28], [0xED, 0xA0, 0x80], [0]] as [[UInt8]]
        try expectRefusals(
            wrong.flatMap { bytes in
                [
                    Raw.publish(.v5, "t", properties: [0x26] + Raw.text(bytes) + Raw.text("v")),
                    Raw.publish(.v5, "t", properties: [0x26] + Raw.text("n") + Raw.text(bytes)),
                ]
            }.map { ($0, .malformedPacket) }, [.v5])
    }
}
