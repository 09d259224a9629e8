// SPDX-License-Identifier: Apache-2.0
//
// What a client may subscribe to: its syntax, the two parts of a shared one, and whether a single
// filter matches a topic name. Matching many filters at once is routing, not done here.

public struct TopicFilter: Hashable, Sendable {
    /// The whole text, as in SUBSCRIBE and UNSUBSCRIBE.
    public let text: Range<Int>
    /// The share name of `$share/name/filter`; nil for a plain subscription.
    public let shareName: Range<Int>?
    /// What topics are matched with: behind the share name, if there is one.
    public let filter: Range<Int>
    public let hasWildcard: Bool

    public var isShared: Bool { shareName != nil }

    /// Expects text that is UTF-8 without U+0000. Shared subscriptions came with MQTT 5.0; clients
    /// of MQTT 3.1.1 have them here as they have with mosquitto. Without `sharing` `$share` is a
    /// level like any other.
    public init(
        _ bytes: Span<UInt8>, _ text: Range<Int>, sharing: Bool = true
    ) throws(DecodeError) {
        guard !text.isEmpty else { throw .malformed(.emptyFilter) }  // [MQTT-4.7.3-1]
        guard text.count <= 65_535 else { throw .malformed(.topicTooLong) }
        self.text = text
        shareName = sharing ? try Self.shareName(bytes, text) : nil
        filter = (shareName.map { $0.upperBound + 1 } ?? text.lowerBound)..<text.upperBound
        guard !filter.isEmpty else { throw .malformed(.emptyFilter) }
        hasWildcard = try Self.checkWildcards(bytes, filter)
    }

    /// [MQTT-4.8.2-1], [MQTT-4.8.2-2]
    private static func shareName(
        _ bytes: Span<UInt8>, _ text: Range<Int>
    ) throws(DecodeError) -> Range<Int>? {
        var levels = TopicLevels(text)
        guard let first = levels.next(in: bytes), isShareLevel(bytes, first),
            let name = levels.next(in: bytes)
        else { return nil }
        guard !name.isEmpty else { throw .malformed(.shareName) }
        for index in name where bytes[index] == Topic.plus || bytes[index] == Topic.hash {
            throw .malformed(.shareName)
        }
        guard name.upperBound < text.upperBound else { throw .malformed(.emptyFilter) }
        return name
    }

    private static func isShareLevel(_ bytes: Span<UInt8>, _ level: Range<Int>) -> Bool {
        let word: InlineArray<6, UInt8> = [0x24, 0x73, 0x68, 0x61, 0x72, 0x65]  // "$share"
        guard level.count == word.count else { return false }
        for offset in word.indices where bytes[level.lowerBound + offset] != word[offset] {
            return false
        }
        return true
    }

    /// [MQTT-4.7.1-1], [MQTT-4.7.1-2]
    private static func checkWildcards(
        _ bytes: Span<UInt8>, _ filter: Range<Int>
    ) throws(DecodeError) -> Bool {
        var hasWildcard = false
        for index in filter {
            let byte = bytes[index]
            guard byte == Topic.plus || byte == Topic.hash else { continue }
            hasWildcard = true
            let startsLevel =
                index == filter.lowerBound || bytes[index - 1] == Topic.separator
            let isLast = index + 1 == filter.upperBound
            let endsLevel =
                isLast || (byte == Topic.plus && bytes[index + 1] == Topic.separator)
            guard startsLevel, endsLevel else { throw .malformed(.misplacedWildcard) }
        }
        return hasWildcard
    }
}

extension TopicFilter {
    /// Whether a valid filter, without a share name, matches a valid topic name: byte by byte,
    /// without any normalising. [MQTT-4.7.3-4]
    public static func matches(filter: Span<UInt8>, topic: Span<UInt8>) -> Bool {
        if startsWithWildcard(filter), !topic.isEmpty, topic[0] == Topic.dollar {
            return false  // [MQTT-4.7.2-1]
        }
        var filterLevels = TopicLevels(filter.indices)
        var topicLevels = TopicLevels(topic.indices)
        while let wanted = filterLevels.next(in: filter) {
            if isLevel(wanted, Topic.hash, in: filter) { return true }
            guard let found = topicLevels.next(in: topic) else { return false }
            if isLevel(wanted, Topic.plus, in: filter) { continue }
            guard wanted.count == found.count else { return false }
            for offset in 0..<wanted.count {
                guard filter[wanted.lowerBound + offset] == topic[found.lowerBound + offset]
                else { return false }
            }
        }
        return topicLevels.next(in: topic) == nil
    }

    private static func startsWithWildcard(_ filter: Span<UInt8>) -> Bool {
        !filter.isEmpty && (filter[0] == Topic.plus || filter[0] == Topic.hash)
    }

    private static func isLevel(
        _ level: Range<Int>, _ byte: UInt8, in filter: Span<UInt8>
    ) -> Bool {
        level.count == 1 && filter[level.lowerBound] == byte
    }
}
