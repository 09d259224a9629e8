// SPDX-License-Identifier: Apache-2.0
//
// The header of a packet: lengths at their borders, incomplete ones, and every first byte.

import MQTT
import Testing

@Suite struct FixedHeaderTests {
    func read(
        _ bytes: [UInt8], at start: Int = 0, _ version: ProtocolVersion? = nil
    ) throws(DecodeError) -> FixedHeader? {
        try FixedHeader.read(bytes.span, at: start, version: version)
    }

    @Test func lengthsAtTheBorders() throws {
        let lengths: [(Int, [UInt8])] = [
            (0, [0x00]), (127, [0x7F]), (128, [0x80, 0x01]), (16_383, [0xFF, 0x7F]),
            (16_384, [0x80, 0x80, 0x01]), (2_097_151, [0xFF, 0xFF, 0x7F]),
            (2_097_152, [0x80, 0x80, 0x80, 0x01]), (268_435_455, [0xFF, 0xFF, 0xFF, 0x7F]),
        ]
        for (length, bytes) in lengths {
            let header = try read([0xAA, 0x30] + bytes, at: 1, .v5)
            let start = 2 + bytes.count
            #expect(header?.kind == .publish)
            #expect(header?.body == start..<(start + length))
            #expect(header?.end == start + length)
            for missing in 1...bytes.count {
                #expect(try read([0x30] + bytes.dropLast(missing), .v5) == nil)
            }
        }
        #expect(try read([]) == nil)
        #expect(try read([0x30]) == nil)
    }

    @Test func fiveBytesAreTooMany() {
        for version in [nil, ProtocolVersion.v311, .v5] {
            #expect(throws: DecodeError.malformed(.remainingLength)) {
                try read([0x30, 0x80, 0x80, 0x80, 0x80, 0x01], version)
            }
            #expect(throws: DecodeError.malformed(.remainingLength)) {
                try read([0x30, 0xFF, 0xFF, 0xFF, 0xFF], version)
            }
        }
    }

    /// [MQTT-1.5.5-1], which MQTT 3.1.1 does not have.
    @Test func theShortestFormIsRequiredInVersion5() throws {
        for bytes: [UInt8] in [[0x30, 0x80, 0x00], [0x30, 0xFF, 0x00], [0x30, 0x85, 0x80, 0x00]] {
            #expect(throws: DecodeError.malformed(.notShortestForm)) { try read(bytes, .v5) }
            #expect(try read(bytes, .v311) != nil)
            #expect(try read(bytes) != nil)
        }
    }

    /// [MQTT-2.1.3-1], [MQTT-3.3.1-2], [MQTT-3.3.1-4]
    @Test func everyFirstByte() {
        var accepted: [UInt8] = []
        for first in UInt8.min...UInt8.max {
            do {
                if try read([first, 0]) != nil { accepted.append(first) }
            } catch {
                let flaw: Flaw
                switch first {
                case 0x00...0x0F: flaw = .reservedPacketType
                case 0x36, 0x37, 0x3E, 0x3F: flaw = .reservedQoS
                case 0x38, 0x39: flaw = .duplicateQoS0
                default: flaw = .reservedFlags
                }
                #expect(error == .malformed(flaw), "\(first)")
            }
        }
        #expect(
            accepted == [
                0x10, 0x20, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x3A, 0x3B, 0x3C, 0x3D, 0x40, 0x50,
                0x62, 0x70, 0x82, 0x90, 0xA2, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0,
            ])
    }

    @Test func aWrongFirstByteNeedsNoLength() {
        #expect(throws: DecodeError.malformed(.reservedPacketType)) { try read([0x00]) }
    }

    @Test func theLimitCountsTheWholePacket() throws {
        let header = try #require(try read([0x00, 0x30, 0x80, 0x01], at: 1))
        try header.checkSize(from: 1, limit: 131)
        #expect(throws: DecodeError.packetTooLarge) { try header.checkSize(from: 1, limit: 130) }
    }
}
