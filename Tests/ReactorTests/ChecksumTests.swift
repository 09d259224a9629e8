// SPDX-License-Identifier: Apache-2.0
// The processor's CRC-32C against the tables and against the values that RFC 3720, B.4 gives.
import Journal
import Reactor
import Testing

@Suite struct ChecksumTests {
    @Test func standardValues() {
        let digits = Array("123456789".utf8)
        let zeros = [UInt8](repeating: 0, count: 32)
        for checksum in [CRC32C.checksum, HardwareChecksum.best] {
            #expect(checksum(0, digits.span) == 0xe306_9283)
            #expect(checksum(0, zeros.span) == 0x8a91_36aa)
        }
    }

    /// Every length and alignment, in one go and carried on.
    @Test func agreesWithTheTables() throws {
        let instruction = try #require(HardwareChecksum.instruction)
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 3) }
        for start in 0..<9 {
            for end in start..<bytes.count {
                let piece = bytes.span.extracting(start..<end)
                let whole = CRC32C.checksum(0, piece)
                #expect(instruction(0, piece) == whole)
                let half = piece.count / 2
                let first = instruction(0, piece.extracting(0..<half))
                #expect(instruction(first, piece.extracting(half..<piece.count)) == whole)
            }
        }
    }
}
