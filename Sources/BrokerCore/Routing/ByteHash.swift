// SPDX-License-Identifier: Apache-2.0
// Hash and equality of byte strings, eight bytes at a time. Topics come from strangers, so every
// table seeds the hash with a number that is drawn at start.

/// A seeded 64-bit hash in the manner of wyhash: multiply 64 × 64 → 128 and fold.
@inline(__always)
func hashOfBytes(_ bytes: Span<UInt8>, seed: UInt64) -> UInt64 {
    unsafe bytes.withUnsafeBytes { raw in
        var state = seed ^ 0xa076_1d64_78bd_642f
        var at = 0
        while raw.count - at >= 8 {
            state = fold(
                state ^ (unsafe raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)),
                0xe703_7ed1_a0b4_28db)
            at += 8
        }
        var tail: UInt64 = 0
        while at < raw.count {
            tail = tail << 8 | UInt64(unsafe raw[at])
            at += 1
        }
        return fold(state ^ tail, 0x8ebc_6af0_9c88_c6e3 ^ UInt64(raw.count))
    }
}

@inline(__always)
private func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
}

@inline(__always)
func bytesAreEqual(_ left: [UInt8], _ right: Span<UInt8>) -> Bool {
    bytesAreEqual(left.span, right)
}

/// Whether two byte strings are the same.
@inline(__always)
func bytesAreEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe left.withUnsafeBytes { left in
        unsafe right.withUnsafeBytes { right in
            var at = 0
            while left.count - at >= 8 {
                let one = unsafe left.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                let other = unsafe right.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                if one != other { return false }
                at += 8
            }
            while at < left.count {
                if unsafe left[at] != right[at] { return false }
                at += 1
            }
            return true
        }
    }
}
