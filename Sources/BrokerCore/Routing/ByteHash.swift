// SPDX-License-Identifier: Apache-2.0
// Hash and equality of byte strings, eight bytes at a time. Topics come from strangers, so every
// table seeds the hash with a number that is drawn at start.

/// A seeded 64-bit hash in the manner of wyhash: multiply 64 × 64 → 128 and fold.
@inline(__always)
func hashOfBytes(_ bytes: Span<UInt8>, seed: UInt64) -> UInt64 {
    unsafe bytes.withUnsafeBytes { raw in
        var state = seed ^ 0xa076_1d64_78bd_642f
        // The last eight bytes may overlap those before: that is cheaper than one by one.
        let last = raw.count &- 8
        var at = 0
        while at < last {
            state = fold(state ^ (unsafe word(raw, at)), 0xe703_7ed1_a0b4_28db)
            at &+= 8
        }
        let tail = last < 0 ? unsafe shortWord(raw) : unsafe word(raw, last)
        return fold(state ^ tail, 0x8ebc_6af0_9c88_c6e3 ^ UInt64(raw.count))
    }
}

@inline(__always)
private func word(_ raw: UnsafeRawBufferPointer, _ at: Int) -> UInt64 {
    unsafe raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)
}

/// All bytes of less than eight.
@inline(__always)
private func shortWord(_ raw: UnsafeRawBufferPointer) -> UInt64 {
    var word: UInt64 = 0
    for at in 0..<raw.count {
        word = word << 8 | UInt64(unsafe raw[at])
    }
    return word
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
            let last = left.count &- 8
            guard last >= 0 else { return unsafe shortWord(left) == shortWord(right) }
            var at = 0
            while at < last {
                if unsafe word(left, at) != word(right, at) { return false }
                at &+= 8
            }
            return unsafe word(left, last) == word(right, last)
        }
    }
}
