// SPDX-License-Identifier: Apache-2.0
//
// The reason codes against the table of the standard, copied here as text: number, name, packets.
// (s) and (c) mark what only a server or a client may send.

import MQTT
import Testing

@Suite struct ReasonCodeTests {
    static let table = """
        00|Success|CONNACK PUBACK PUBREC PUBREL PUBCOMP SUBACK UNSUBACK DISCONNECT AUTH(s)
        01|Granted QoS 1|SUBACK
        02|Granted QoS 2|SUBACK
        04|Disconnect with Will Message|DISCONNECT(c)
        10|No matching subscribers|PUBACK(s) PUBREC(s)
        11|No subscription existed|UNSUBACK
        18|Continue authentication|AUTH
        19|Re-authenticate|AUTH(c)
        80|Unspecified error|CONNACK PUBACK PUBREC SUBACK UNSUBACK DISCONNECT
        81|Malformed Packet|CONNACK DISCONNECT
        82|Protocol Error|CONNACK DISCONNECT
        83|Implementation specific error|CONNACK PUBACK PUBREC SUBACK UNSUBACK DISCONNECT
        84|Unsupported Protocol Version|CONNACK
        85|Client Identifier not valid|CONNACK
        86|Bad User Name or Password|CONNACK
        87|Not authorized|CONNACK PUBACK PUBREC SUBACK UNSUBACK DISCONNECT(s)
        88|Server unavailable|CONNACK
        89|Server busy|CONNACK DISCONNECT(s)
        8A|Banned|CONNACK
        8B|Server shutting down|DISCONNECT(s)
        8C|Bad authentication method|CONNACK DISCONNECT
        8D|Keep Alive timeout|DISCONNECT(s)
        8E|Session taken over|DISCONNECT(s)
        8F|Topic Filter invalid|SUBACK UNSUBACK DISCONNECT(s)
        90|Topic Name invalid|CONNACK PUBACK PUBREC DISCONNECT
        91|Packet Identifier in use|PUBACK PUBREC SUBACK UNSUBACK
        92|Packet Identifier not found|PUBREL PUBCOMP
        93|Receive Maximum exceeded|DISCONNECT
        94|Topic Alias invalid|DISCONNECT
        95|Packet too large|CONNACK DISCONNECT
        96|Message rate too high|DISCONNECT
        97|Quota exceeded|CONNACK PUBACK PUBREC SUBACK DISCONNECT
        98|Administrative action|DISCONNECT
        99|Payload format invalid|CONNACK PUBACK PUBREC DISCONNECT
        9A|Retain not supported|CONNACK DISCONNECT(s)
        9B|QoS not supported|CONNACK DISCONNECT(s)
        9C|Use another server|CONNACK DISCONNECT(s)
        9D|Server moved|CONNACK DISCONNECT(s)
        9E|Shared Subscriptions not supported|SUBACK DISCONNECT(s)
        9F|Connection rate exceeded|CONNACK DISCONNECT(s)
        A0|Maximum connect time|DISCONNECT(s)
        A1|Subscription Identifiers not supported|SUBACK DISCONNECT(s)
        A2|Wildcard Subscriptions not supported|SUBACK DISCONNECT(s)
        """

    @Test func namesAreThoseOfTheStandard() {
        var known: Set<UInt8> = []
        for row in Self.table.split(separator: "\n").map({ $0.split(separator: "|") }) {
            let code = UInt8(row[0], radix: 16)!
            #expect(ReasonCode(rawValue: code).name == row[1])
            known.insert(code)
        }
        for code in UInt8.min...UInt8.max where !known.contains(code) {
            #expect(ReasonCode(rawValue: code).name.hasPrefix("0x"))
        }
    }

    @Test func eachPacketTakesItsCodesAndNoOthers() {
        var allowed: Set<String> = []
        for row in Self.table.split(separator: "\n").map({ $0.split(separator: "|") }) {
            for packet in row[2].split(separator: " ") { allowed.insert("\(row[0]) \(packet)") }
        }
        for value in UInt8.min...UInt8.max {
            let number = (value < 16 ? "0" : "") + String(value, radix: 16, uppercase: true)
            for kind in PacketKind.allCases {
                let code = ReasonCode(rawValue: value)
                let both = allowed.contains("\(number) \(kind)")
                let server = both || allowed.contains("\(number) \(kind)(s)")
                let client = both || allowed.contains("\(number) \(kind)(c)")
                #expect(code.isAllowed(in: kind, from: .server) == server, "\(number) \(kind)")
                #expect(code.isAllowed(in: kind, from: .client) == client, "\(number) \(kind)")
            }
        }
    }

    @Test func failuresStartAt0x80() {
        #expect(!ReasonCode(rawValue: 0x7F).isFailure)
        #expect(ReasonCode.unspecifiedError.isFailure)
        #expect(!ReasonCode.noMatchingSubscribers.isFailure)
        #expect(ReasonCode.granted(.exactlyOnce) == .grantedQoS2)
    }
}
