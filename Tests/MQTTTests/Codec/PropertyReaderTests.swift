// SPDX-License-Identifier: Apache-2.0
//
// Every property in every place: where it belongs it is read, elsewhere it is malformed, twice it
// is a protocol error. The table is copied from the standard, not taken from the code.

import MQTT
import Testing

@Suite struct PropertyReaderTests {
    /// A property and one allowed value for it, with the places where it may stand.
    struct Row {
        let number: UInt8
        let value: [UInt8]
        let places: Set<String>
    }

    static let answers = "CONNACK PUBACK PUBREC PUBREL PUBCOMP SUBACK UNSUBACK DISCONNECT AUTH"
    static let text: [UInt8] = [0, 1, 0x61]

    static let table: [Row] = [
        row(0x01, [1], "PUBLISH WILL"),
        row(0x02, [0, 0, 0, 9], "PUBLISH WILL"),
        row(0x03, text, "PUBLISH WILL"),
        row(0x08, text, "PUBLISH WILL"),
        row(0x09, [0, 2, 0xFF, 0x00], "PUBLISH WILL"),
        row(0x0B, [0x80, 0x01], "SUBSCRIBE PUBLISH"),
        row(0x11, [0, 0, 0, 9], "CONNECT CONNACK DISCONNECT"),
        row(0x12, text, "CONNACK"),
        row(0x13, [0, 9], "CONNACK"),
        row(0x15, text, "CONNECT CONNACK AUTH"),
        row(0x16, [0, 2, 0xFF, 0x00], "CONNECT CONNACK AUTH"),
        row(0x17, [0], "CONNECT"),
        row(0x18, [0, 0, 0, 9], "WILL"),
        row(0x19, [1], "CONNECT"),
        row(0x1A, text, "CONNACK"),
        row(0x1C, text, "CONNACK DISCONNECT"),
        row(0x1F, text, answers),
        row(0x21, [0, 9], "CONNECT CONNACK"),
        row(0x22, [0, 0], "CONNECT CONNACK"),
        row(0x23, [0, 9], "PUBLISH"),
        row(0x24, [1], "CONNACK"),
        row(0x25, [0], "CONNACK"),
        row(0x26, text + text, answers + " CONNECT PUBLISH WILL SUBSCRIBE UNSUBSCRIBE"),
        row(0x27, [0, 0, 0, 9], "CONNECT CONNACK"),
        row(0x28, [0], "CONNACK"),
        row(0x29, [0], "CONNACK"),
        row(0x2A, [0], "CONNACK"),
    ]

    static func row(_ number: UInt8, _ value: [UInt8], _ places: String) -> Row {
        Row(
            number: number, value: value,
            places: Set(places.split(separator: " ").map(String.init)))
    }

    /// Packets that are valid around any valid property block, and who sends them.
    static let places: [(name: String, sender: Role, around: @Sendable ([UInt8]) -> [UInt8])] = [
        ("CONNECT", .client, { packet(0x10, field("MQTT") + [5, 2, 0, 0] + $0 + [0, 0]) }),
        (
            "WILL", .client,
            { packet(0x10, field("MQTT") + [5, 6, 0, 0, 0, 0, 0] + $0 + field("w") + [0, 0]) }
        ),
        ("CONNACK", .server, { packet(0x20, [0, 0] + $0) }),
        ("PUBLISH", .server, { packet(0x30, field("t") + $0) }),
        ("PUBACK", .client, { packet(0x40, [0, 1, 0x80] + $0) }),
        ("PUBREC", .client, { packet(0x50, [0, 1, 0x80] + $0) }),
        ("PUBREL", .client, { packet(0x62, [0, 1, 0x92] + $0) }),
        ("PUBCOMP", .client, { packet(0x70, [0, 1, 0x92] + $0) }),
        ("SUBSCRIBE", .client, { packet(0x82, [0, 1] + $0 + field("f") + [0]) }),
        ("SUBACK", .server, { packet(0x90, [0, 1] + $0 + [0]) }),
        ("UNSUBSCRIBE", .client, { packet(0xA2, [0, 1] + $0 + field("f")) }),
        ("UNSUBACK", .server, { packet(0xB0, [0, 1] + $0 + [0]) }),
        ("DISCONNECT", .client, { packet(0xE0, [0] + $0) }),
        ("AUTH", .client, { packet(0xF0, [0x18] + $0) }),
    ]

    /// Authentication data needs a method, and AUTH always does: it stands in front where allowed.
    func method(_ number: UInt8, in place: String) -> [UInt8] {
        let isNeeded =
            number == 0x16 ? ["CONNECT", "CONNACK", "AUTH"].contains(place) : place == "AUTH"
        return isNeeded && number != 0x15 ? [0x15] + Self.text : []
    }

    func block(_ entries: [UInt8]) -> [UInt8] { [UInt8(entries.count)] + entries }

    @Test func belongsOrDoesNot() {
        for place in Self.places {
            for row in Self.table {
                let entries = method(row.number, in: place.name) + [row.number] + row.value
                let found = refusal(of: place.around(block(entries)), .v5, from: place.sender)
                let expected: DecodeError? =
                    row.places.contains(place.name) ? nil : .malformed(.foreignProperty)
                #expect(found == expected, "\(row.number) in \(place.name)")
            }
        }
    }

    @Test func onlySomeMayComeTwice() {
        for place in Self.places {
            for row in Self.table where row.places.contains(place.name) {
                let entry = [row.number] + row.value
                let entries = method(row.number, in: place.name) + entry + entry
                let found = refusal(of: place.around(block(entries)), .v5, from: place.sender)
                let isRepeatable =
                    row.number == 0x26 || (row.number == 0x0B && place.name == "PUBLISH")
                #expect(
                    found == (isRepeatable ? nil : .protocolError(.repeatedProperty)),
                    "\(row.number) in \(place.name)")
            }
        }
    }

    @Test func unknownIdentifiersAreMalformed() {
        let known = Set(Self.table.map(\.number))
        for place in Self.places {
            for number in UInt8(0)...0x7F where !known.contains(number) {
                #expect(
                    refusal(of: place.around(block([number, 0])), .v5, from: place.sender)
                        == .malformed(.unknownProperty))
            }
            #expect(
                refusal(of: place.around(block([0x81, 0x02, 0])), .v5, from: place.sender)
                    == .malformed(.unknownProperty))
            #expect(
                refusal(of: place.around(block([0x81, 0x00, 0])), .v5, from: place.sender)
                    == .malformed(.notShortestForm))
        }
    }

    @Test func aValueMayNotReachBeyondTheBlock() {
        for place in Self.places {
            for row in Self.table where row.places.contains(place.name) {
                let before = method(row.number, in: place.name)
                for missing in 1...row.value.count {
                    let entries = before + [row.number] + row.value.dropLast(missing)
                    #expect(
                        refusal(of: place.around(block(entries)), .v5, from: place.sender)
                            == .malformed(.truncated), "\(row.number) in \(place.name)")
                }
            }
        }
    }

    @Test func someValuesAreForbidden() {
        let forbidden: [(String, [UInt8], DecodeError)] = [
            ("CONNECT", [0x21, 0, 0], .protocolError(.propertyValue)),
            ("CONNACK", [0x21, 0, 0], .protocolError(.propertyValue)),
            ("CONNECT", [0x27, 0, 0, 0, 0], .protocolError(.propertyValue)),
            ("CONNACK", [0x27, 0, 0, 0, 0], .protocolError(.propertyValue)),
            ("SUBSCRIBE", [0x0B, 0], .protocolError(.propertyValue)),
            ("PUBLISH", [0x0B, 0], .protocolError(.propertyValue)),
            ("PUBLISH", [0x23, 0, 0], .topicAliasInvalid),
            ("PUBLISH", [0x01, 2], .protocolError(.propertyValue)),
            ("WILL", [0x01, 2], .protocolError(.propertyValue)),
            ("CONNECT", [0x17, 2], .protocolError(.propertyValue)),
            ("CONNECT", [0x19, 0xFF], .protocolError(.propertyValue)),
            ("CONNACK", [0x24, 2], .protocolError(.propertyValue)),
            ("CONNACK", [0x25, 2], .protocolError(.propertyValue)),
            ("CONNACK", [0x28, 2], .protocolError(.propertyValue)),
            ("CONNACK", [0x29, 2], .protocolError(.propertyValue)),
            ("CONNACK", [0x2A, 2], .protocolError(.propertyValue)),
            ("PUBLISH", [0x08, 0, 1, 0x23], .malformed(.wildcardInTopicName)),
            ("PUBLISH", [0x08, 0, 0], .malformed(.emptyTopic)),
            ("PUBLISH", [0x03, 0, 1, 0], .malformed(.nullCharacter)),
            ("PUBLISH", [0x26, 0, 1, 0xFF, 0, 0], .malformed(.notUTF8)),
            ("PUBLISH", [0x26, 0, 0, 0, 1, 0xFF], .malformed(.notUTF8)),
            ("CONNECT", [0x16, 0, 0], .protocolError(.dataWithoutMethod)),
            ("CONNACK", [0x16, 0, 0], .protocolError(.dataWithoutMethod)),
            ("AUTH", [0x16, 0, 0], .protocolError(.methodMissing)),
        ]
        for (name, entries, expected) in forbidden {
            let place = Self.places.first { $0.name == name }!
            #expect(
                refusal(of: place.around(block(entries)), .v5, from: place.sender) == expected,
                "\(entries) in \(name)")
        }
    }
}
