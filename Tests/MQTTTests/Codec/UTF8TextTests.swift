// SPDX-License-Identifier: Apache-2.0
//
// Which bytes are text: the edges of UTF-8 by table, and damage at every place of a word.

import MQTT
import Testing

@Suite struct UTF8TextTests {
    func flaw(of bytes: [UInt8]) -> DecodeError? {
        do {
            let framed = [0x00] + bytes + [0xFF]
            try UTF8Text.validate(framed.span, 1..<(1 + bytes.count))
            return nil
        } catch {
            return error
        }
    }

    /// [MQTT-1.5.4-3] for the byte order mark.
    @Test func textIsTaken() {
        let valid: [[UInt8]] = [
            [], [0x01], [0x7F], [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80],
            [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80], [0xEF, 0xBB, 0xBF], [0xEF, 0xBF, 0xBE],
            [0xEF, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF],
        ]
        for text in valid {
            for padding in 0...16 {
                let padded = Array(repeating: 0x61, count: padding) + text
                #expect(flaw(of: padded) == nil, "\(padded)")
            }
        }
    }

    /// [MQTT-1.5.4-1]
    @Test func otherBytesAreNot() {
        let invalid: [[UInt8]] = [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0x80],
            [0xE0, 0x9F, 0xBF], [0xE1, 0x80], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
            [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x90, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        ]
        for text in invalid {
            for padding in 0...16 {
                let before = Array(repeating: 0x61, count: padding) + text
                #expect(flaw(of: before) == .malformed(.notUTF8), "\(before)")
                let within = before + [0x61, 0x61, 0x61]
                #expect(flaw(of: within) == .malformed(.notUTF8), "\(within)")
            }
        }
    }

    /// [MQTT-1.5.4-2]
    @Test func nullIsFoundAnywhere() {
        for count in 1...40 {
            for position in 0..<count {
                var text = [UInt8](repeating: 0x01, count: count)
                text[position] = 0
                #expect(flaw(of: text) == .malformed(.nullCharacter))
            }
        }
        #expect(flaw(of: [0xC3, 0xBC, 0x00]) == .malformed(.nullCharacter))
    }

    @Test func randomTextIsTaken() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<5_000 {
            let text = random.text(upTo: 60)
            if flaw(of: Array(text.utf8)) != nil { Issue.record("\(Array(text.utf8))") }
        }
    }
}
