// SPDX-License-Identifier: Apache-2.0
//
// Reading the data types, up to the end of the body and not a byte further.

import MQTT
import Testing

@Suite struct ByteCursorTests {
    @Test func valuesAreBigEndian() throws {
        let bytes: [UInt8] = [0xFF, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xFF]
        var cursor = ByteCursor(1..<8)
        #expect(try cursor.byte(in: bytes.span) == 0x01)
        #expect(try cursor.twoBytes(in: bytes.span) == 0x0203)
        #expect(try cursor.fourBytes(in: bytes.span) == 0x0405_0607)
        #expect(cursor.isAtEnd)
        try cursor.requireEnd()
    }

    @Test func nothingIsReadBeyondTheEnd() {
        let bytes: [UInt8] = [0x00, 0x03, 0x61, 0x62, 0x63, 0x64, 0x65]
        func refusal(
            _ end: Int, _ read: (inout ByteCursor, Span<UInt8>) throws(DecodeError) -> Void
        ) -> DecodeError? {
            var cursor = ByteCursor(0..<end)
            do {
                try read(&cursor, bytes.span)
                return nil
            } catch {
                return error
            }
        }
        let truncated = DecodeError.malformed(.truncated)
        #expect(refusal(0) { c, b throws(DecodeError) in _ = try c.byte(in: b) } == truncated)
        #expect(refusal(1) { c, b throws(DecodeError) in _ = try c.twoBytes(in: b) } == truncated)
        #expect(refusal(3) { c, b throws(DecodeError) in _ = try c.fourBytes(in: b) } == truncated)
        for end in 0...4 {
            #expect(
                refusal(end) { c, b throws(DecodeError) in _ = try c.string(in: b) } == truncated)
            #expect(
                refusal(end) { c, b throws(DecodeError) in _ = try c.binary(in: b) } == truncated)
        }
        #expect(refusal(5) { c, b throws(DecodeError) in _ = try c.string(in: b) } == nil)
        #expect(
            refusal(5) { c, _ throws(DecodeError) in try c.requireEnd() }
                == .malformed(.trailingBytes))
    }

    func variable(_ bytes: [UInt8]) throws(DecodeError) -> Int {
        var cursor = ByteCursor(0..<bytes.count)
        let value = try cursor.variable(in: bytes.span)
        try cursor.requireEnd()
        return value
    }

    /// [MQTT-1.5.5-1]
    @Test func variableIntegersAtTheBorders() throws {
        let values: [(Int, [UInt8])] = [
            (0, [0x00]), (127, [0x7F]), (128, [0x80, 0x01]), (16_383, [0xFF, 0x7F]),
            (16_384, [0x80, 0x80, 0x01]), (2_097_151, [0xFF, 0xFF, 0x7F]),
            (2_097_152, [0x80, 0x80, 0x80, 0x01]), (268_435_455, [0xFF, 0xFF, 0xFF, 0x7F]),
        ]
        for (value, bytes) in values {
            #expect(try variable(bytes) == value)
            #expect(VariableByteInteger.size(of: value) == bytes.count)
            for missing in 1...bytes.count {
                #expect(throws: DecodeError.malformed(.truncated)) {
                    try variable(Array(bytes.dropLast(missing)))
                }
            }
        }
    }

    @Test func longAndPaddedVariableIntegersAreMalformed() {
        for bytes: [UInt8] in [[0x80, 0x00], [0x81, 0x80, 0x00], [0xFF, 0xFF, 0xFF, 0x00]] {
            #expect(throws: DecodeError.malformed(.notShortestForm)) { try variable(bytes) }
        }
        for bytes: [UInt8] in [
            [0x80, 0x80, 0x80, 0x80, 0x01], [0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
            [0x80, 0x80, 0x80, 0x80],
        ] {
            #expect(throws: DecodeError.malformed(.variableInteger)) { try variable(bytes) }
        }
    }

    @Test func packetIdentifierZeroIsRefused() {
        let bytes: [UInt8] = [0, 0]
        var cursor = ByteCursor(0..<2)
        #expect(throws: DecodeError.protocolError(.packetIdentifierZero)) {
            try cursor.packetID(in: bytes.span)
        }
    }
}
