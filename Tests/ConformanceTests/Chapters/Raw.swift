// SPDX-License-Identifier: Apache-2.0
// Packets byte by byte, right or wrong: the encoders of this house refuse to write the wrong ones,
// and a test that used them for the right ones would believe its own mistakes.
import MQTT

enum Raw {
    static func packet(_ first: UInt8, _ body: [UInt8]) -> [UInt8] {
        [first] + variable(body.count) + body
    }

    /// In its shortest form.
    static func variable(_ number: Int) -> [UInt8] {
        number < 128
            ? [UInt8(number)] : [UInt8(number % 128 + 128)] + variable(number / 128)
    }

    static func twoBytes(_ number: Int) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }

    /// A string, or binary data.
    static func text(_ bytes: [UInt8]) -> [UInt8] { twoBytes(bytes.count) + bytes }

    static func text(_ string: String) -> [UInt8] { text(Array(string.utf8)) }

    /// A property block with its length in front; nothing in MQTT 3.1.1.
    static func properties(_ block: [UInt8], _ version: ProtocolVersion = .v5) -> [UInt8] {
        version == .v5 ? variable(block.count) + block : []
    }

    static func userProperty(_ name: String, _ value: String) -> [UInt8] {
        [0x26] + text(name) + text(value)
    }

    /// `payload` is the client identifier and what the flags announce.
    static func connect(
        _ version: ProtocolVersion, flags: UInt8 = 0x02, keepAlive: Int = 0,
        properties block: [UInt8] = [], _ payload: [UInt8]
    ) -> [UInt8] {
        packet(
            0x10,
            text("MQTT") + [version.rawValue, flags] + twoBytes(keepAlive)
                + properties(block, version) + payload)
    }

    static func publish(
        _ version: ProtocolVersion, flags: UInt8 = 0, _ topic: [UInt8], id: Int? = nil,
        properties block: [UInt8] = [], _ payload: [UInt8] = []
    ) -> [UInt8] {
        packet(
            0x30 | flags,
            text(topic) + (id.map(twoBytes) ?? []) + properties(block, version) + payload)
    }

    static func publish(
        _ version: ProtocolVersion, flags: UInt8 = 0, _ topic: String, id: Int? = nil,
        properties block: [UInt8] = [], _ payload: String = ""
    ) -> [UInt8] {
        publish(
            version, flags: flags, Array(topic.utf8), id: id, properties: block,
            Array(payload.utf8))
    }

    static func subscribe(
        _ version: ProtocolVersion, id: Int = 1, properties block: [UInt8] = [],
        _ requests: (filter: [UInt8], options: UInt8)...
    ) -> [UInt8] {
        packet(
            0x82,
            twoBytes(id) + properties(block, version)
                + requests.flatMap { text($0.filter) + [$0.options] })
    }

    static func unsubscribe(
        _ version: ProtocolVersion, id: Int = 1, properties block: [UInt8] = [],
        _ filters: [UInt8]...
    ) -> [UInt8] {
        packet(0xA2, twoBytes(id) + properties(block, version) + filters.flatMap { text($0) })
    }
}

extension [UInt8] {
    init(_ text: String) { self = Array(text.utf8) }
}
