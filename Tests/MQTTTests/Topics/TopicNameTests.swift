// SPDX-License-Identifier: Apache-2.0
//
// Which topic names are valid, by table and against a slow reference.

import MQTT
import Testing

@Suite struct TopicNameTests {
    func flaw(of bytes: [UInt8]) -> DecodeError? {
        do {
            // Surrounded by what must not be looked at.
            let framed = [0x23] + bytes + [0x2B]
            try TopicName.validate(framed.span, 1..<(1 + bytes.count))
            return nil
        } catch {
            return error
        }
    }

    @Test func namesOfEveryLengthAreTaken() {
        for count in 1...70 { #expect(flaw(of: Array(repeating: 0x61, count: count)) == nil) }
        #expect(flaw(of: Array(repeating: 0x61, count: 65_535)) == nil)
        #expect(flaw(of: Array("/".utf8)) == nil)
        #expect(flaw(of: Array("Kühlung/Motor 7/€".utf8)) == nil)
        #expect(flaw(of: Array("$SYS/x y".utf8)) == nil)
    }

    @Test func emptyAndTooLongOnesAreNot() {
        #expect(flaw(of: []) == .malformed(.emptyTopic))
        #expect(flaw(of: Array(repeating: 0x61, count: 65_536)) == .malformed(.topicTooLong))
    }

    /// [MQTT-3.3.2-2], [MQTT-1.5.4-1], [MQTT-1.5.4-2]
    @Test func aBadByteIsFoundAnywhere() {
        for count in 1...40 {
            for position in 0..<count {
                var topic = [UInt8](repeating: 0x62, count: count)
                topic[position] = UInt8(ascii: "+")
                #expect(flaw(of: topic) == .malformed(.wildcardInTopicName))
                topic[position] = UInt8(ascii: "#")
                #expect(flaw(of: topic) == .malformed(.wildcardInTopicName))
                topic[position] = 0
                #expect(flaw(of: topic) == .malformed(.nullCharacter))
                topic[position] = 0x80
                #expect(flaw(of: topic) == .malformed(.notUTF8))
            }
        }
    }

    @Test func agreesWithASlowReference() {
        var random = SplitMix64(seed: 1)
        let alphabet: [UInt8] = [0, 1, 0x22, 0x23, 0x24, 0x2A, 0x2B, 0x2C, 0x2F, 0x7F, 0x80, 0xC3]
        for _ in 0..<20_000 {
            let common = UInt8.random(in: 0x60...0x7E, using: &random)
            let topic = (0..<random.upTo(24)).map { _ in
                random.chance(oneIn: 20) ? random.pick(alphabet) : common
            }
            let isValid =
                !topic.isEmpty && String(validating: topic, as: UTF8.self) != nil
                && !topic.contains(0) && !topic.contains(0x2B) && !topic.contains(0x23)
            if (flaw(of: topic) == nil) != isValid { Issue.record("\(topic)") }
        }
    }
}
