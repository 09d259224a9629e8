// SPDX-License-Identifier: Apache-2.0
//
// The reason code and the log text of each kind of error.

import MQTT
import Testing

@Suite struct DecodeErrorTests {
    @Test func eachErrorHasItsReasonAndText() {
        let errors: [(DecodeError, ReasonCode, String)] = [
            (
                .malformed(.notUTF8), .malformedPacket,
                "Malformed Packet: text is not well-formed UTF-8"
            ),
            (.protocolError(.noFilters), .protocolError, "Protocol Error: no topic filter"),
            (.topicAliasInvalid, .topicAliasInvalid, "Topic Alias invalid: topic alias 0"),
            (.packetTooLarge, .packetTooLarge, "Packet too large"),
            (
                .unsupportedVersion(level: 3), .unsupportedProtocolVersion,
                "Unsupported Protocol Version: level 3"
            ),
        ]
        for (error, reason, text) in errors {
            #expect(error.reason == reason)
            #expect(error.description == text)
        }
    }

    @Test func anErrorIsSmall() {
        #expect(MemoryLayout<DecodeError>.size <= 2)
    }
}
