// SPDX-License-Identifier: Apache-2.0
//
// Checks text in place: well-formed UTF-8 without U+0000. Eight bytes at a time as long as they are
// ASCII, which nearly all topics are; anything else is left to the standard library. A byte order
// mark is a character like others and control characters may pass: the standard allows both.

public enum UTF8Text {
    /// [MQTT-1.5.4-1], [MQTT-1.5.4-2]
    @inlinable
    public static func validate(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(DecodeError) {
        if isPlain(bytes, range) { return }
        try validateSlowly(bytes, range)
    }

    /// Whether the range holds only U+0001 to U+007F.
    @inlinable
    static func isPlain(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let text = unsafe bytes.extracting(range).bytes
        let count = text.byteCount
        guard count >= 8 else {
            var flaws: UInt8 = 0
            for offset in 0..<count {
                let byte = unsafe text.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
                flaws |= byte | (byte &- 1)
            }
            return flaws & 0x80 == 0
        }
        var flaws: UInt64 = 0
        var offset = 0
        while offset < count &- 8 {
            flaws |= mark(unsafe text.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset &+= 8
        }
        flaws |= mark(
            unsafe text.unsafeLoadUnaligned(fromByteOffset: count &- 8, as: UInt64.self))
        return flaws & highBits == 0
    }

    @inlinable static var ones: UInt64 { 0x0101_0101_0101_0101 }
    @inlinable static var highBits: UInt64 { 0x8080_8080_8080_8080 }

    /// Sets a high bit if a byte of the word is 0 or not ASCII. A borrow may set the high bit of
    /// further bytes, but only above a byte that is marked already.
    @inlinable
    static func mark(_ word: UInt64) -> UInt64 { word | (word &- ones) }

    @usableFromInline
    static func validateSlowly(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(DecodeError) {
        let text = bytes.extracting(range)
        do {
            _ = try UTF8Span(validating: text)
        } catch {
            throw .malformed(.notUTF8)
        }
        for index in text.indices where text[index] == 0 {
            throw .malformed(.nullCharacter)
        }
    }
}
