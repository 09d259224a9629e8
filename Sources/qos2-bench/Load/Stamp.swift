// SPDX-License-Identifier: Apache-2.0
//
// What begins every payload: whose message it is, which one, and when it was sent. The rest of the
// payload is the same byte over and over, so that damage shows.
import Glibc

struct Stamp: Equatable {
    static let size = 24
    static let filler: UInt8 = 0x5A
    private static let mark: UInt32 = 0x3162_3271  // "q2b1"

    var publisher: UInt32
    var sequence: UInt64
    /// Of `nanosecondsNow`.
    var sentAt: Int64

    init(publisher: UInt32, sequence: UInt64, sentAt: Int64) {
        self.publisher = publisher
        self.sequence = sequence
        self.sentAt = sentAt
    }

    /// Nil for a payload that is none of ours, or not as it was sent.
    init?(_ payload: Span<UInt8>, size: Int) {
        guard payload.count == size, size >= Self.size else { return nil }
        let bytes = payload.bytes
        guard bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt32.self) == Self.mark else {
            return nil
        }
        publisher = bytes.unsafeLoadUnaligned(fromByteOffset: 4, as: UInt32.self)
        sequence = bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self)
        sentAt = bytes.unsafeLoadUnaligned(fromByteOffset: 16, as: Int64.self)
        let isWhole = bytes.withUnsafeBytes { raw in
            Self.isFilled(UnsafeRawBufferPointer(rebasing: raw[Self.size...]))
        }
        guard isWhole else { return nil }
    }

    /// All equal to the first, and the first is the filler.
    private static func isFilled(_ rest: UnsafeRawBufferPointer) -> Bool {
        guard let base = rest.baseAddress, !rest.isEmpty else { return true }
        return rest[0] == filler && memcmp(base, base + 1, rest.count - 1) == 0
    }

    func write(to target: UnsafeMutableRawPointer) {
        target.storeBytes(of: Self.mark, as: UInt32.self)
        target.storeBytes(of: publisher, toByteOffset: 4, as: UInt32.self)
        target.storeBytes(of: sequence, toByteOffset: 8, as: UInt64.self)
        target.storeBytes(of: sentAt, toByteOffset: 16, as: Int64.self)
    }
}

/// Nanoseconds of the monotonic clock, which all processes of a machine share.
func nanosecondsNow() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
