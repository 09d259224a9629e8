// SPDX-License-Identifier: Apache-2.0
//
// What a message may be published to. Checked in one pass over the bytes together with the UTF-8
// rules; a caller that holds the topic already by its bytes may spare the check.

public enum TopicName {
    /// [MQTT-4.7.3-1], [MQTT-3.3.2-2], [MQTT-1.5.4-1], [MQTT-1.5.4-2]
    @inlinable @inline(__always)
    public static func validate(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(DecodeError) {
        if !range.isEmpty, range.count <= 65_535, isPlain(bytes, range) { return }
        try validateSlowly(bytes, range)
    }

    /// Whether the range holds only U+0001 to U+007F without the wildcards.
    @inlinable @inline(__always)
    static func isPlain(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let text = unsafe bytes.extracting(range).bytes
        let count = text.byteCount
        guard count >= 8 else {
            var flaws: UInt8 = 0
            for offset in 0..<count {
                let byte = unsafe text.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
                flaws |= byte | (byte &- 1) | ((byte ^ 0x2B) &- 1) | ((byte ^ 0x23) &- 1)
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
        return flaws & UTF8Text.highBits == 0
    }

    /// As `UTF8Text.mark`, and for `+` and `#` too.
    @inlinable
    static func mark(_ word: UInt64) -> UInt64 {
        UTF8Text.mark(word)
            | ((word ^ 0x2B2B_2B2B_2B2B_2B2B) &- UTF8Text.ones)
            | ((word ^ 0x2323_2323_2323_2323) &- UTF8Text.ones)
    }

    @usableFromInline
    static func validateSlowly(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(DecodeError) {
        guard !range.isEmpty else { throw .malformed(.emptyTopic) }
        guard range.count <= 65_535 else { throw .malformed(.topicTooLong) }
        for index in range where bytes[index] == Topic.plus || bytes[index] == Topic.hash {
            throw .malformed(.wildcardInTopicName)
        }
        try UTF8Text.validate(bytes, range)
    }
}
