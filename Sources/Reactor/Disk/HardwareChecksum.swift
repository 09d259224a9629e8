// SPDX-License-Identifier: Apache-2.0
// CRC-32C by the processor's own instruction, or by Journal's tables on a processor without one.
// Both give the same result, so a journal moves between machines.
import CChecksum
import Journal

package enum HardwareChecksum {
    /// Nil where the processor has no instruction for it.
    package static let instruction: Checksum? = cchecksum_has_crc32c() == 0 ? nil : byInstruction

    package static let best: Checksum = instruction ?? CRC32C.checksum

    @Sendable
    private static func byInstruction(_ crc: UInt32, _ bytes: Span<UInt8>) -> UInt32 {
        bytes.withUnsafeBufferPointer { cchecksum_crc32c(crc, $0.baseAddress, $0.count) }
    }
}
