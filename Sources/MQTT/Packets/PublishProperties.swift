// SPDX-License-Identifier: Apache-2.0
//
// The properties of a message, in PUBLISH and in the will of a CONNECT. Those that belong to the
// message are handed on byte for byte and in their order; those of one hop are taken out and, where
// needed, written anew by PublishEncoder.

package struct PublishProperties: Hashable, Sendable {
    /// All entries, without the length in front of them.
    package let block: Range<Int>
    package private(set) var messageExpiry: UInt32?
    package private(set) var topicAlias: UInt16?
    /// Only in a will; 0 if absent.
    package private(set) var willDelay: UInt32 = 0
    /// 0 for bytes, 1 for text; nil if absent, which means bytes.
    package private(set) var payloadFormat: UInt8?
    package private(set) var contentType: Range<Int>?
    package private(set) var responseTopic: Range<Int>?
    package private(set) var correlationData: Range<Int>?
    package private(set) var hasUserProperties = false
    package private(set) var hasSubscriptionIdentifiers = false
    /// How many bytes of the block are not handed on.
    package private(set) var hopByHopCount = 0

    @usableFromInline
    init(block: Range<Int>) { self.block = block }

    /// What a message of MQTT 3.1.1 has.
    @inlinable
    package static var none: PublishProperties { PublishProperties(block: 0..<0) }

    /// Starts at the property length of a PUBLISH.
    @inlinable
    static func read(
        _ bytes: Span<UInt8>, _ cursor: inout ByteCursor, from sender: Role
    ) throws(DecodeError) -> PublishProperties {
        if cursor.position < cursor.end, bytes[cursor.position] == 0 {
            cursor.position &+= 1
            return .none
        }
        return try PublishProperties(bytes, &cursor, .publish, from: sender)
    }

    @usableFromInline
    init(
        _ bytes: Span<UInt8>, _ cursor: inout ByteCursor, _ place: PropertyPlaces,
        from sender: Role
    ) throws(DecodeError) {
        var reader = try PropertyReader(bytes, &cursor, in: place)
        block = reader.block
        while let property = try reader.next(in: bytes) {
            try take(property, bytes, from: sender)
            if property.id.isHopByHop { hopByHopCount += property.entry.count }
        }
    }

    private mutating func take(
        _ property: Property, _ bytes: Span<UInt8>, from sender: Role
    ) throws(DecodeError) {
        switch property.id {
        case .messageExpiryInterval: messageExpiry = property.number
        case .topicAlias: topicAlias = UInt16(truncatingIfNeeded: property.number)
        case .willDelayInterval: willDelay = property.number
        case .payloadFormatIndicator: payloadFormat = UInt8(truncatingIfNeeded: property.number)
        case .contentType: contentType = property.value
        case .responseTopic:  // [MQTT-3.3.2-14]
            try TopicName.validate(bytes, property.value)
            responseTopic = property.value
        case .correlationData: correlationData = property.value
        case .userProperty: hasUserProperties = true
        case .subscriptionIdentifier:  // [MQTT-3.3.4-6]
            guard sender == .server else { throw .protocolError(.propertyOfOtherRole) }
            hasSubscriptionIdentifiers = true
        default:
            preconditionFailure("\(property.id) passed the table of places")
        }
    }
}

extension PublishProperties {
    /// For walking through user properties and subscription identifiers.
    package var all: Properties { Properties(block: block) }

    /// The size of what is handed on: all but expiry, alias, subscription identifiers and delay.
    @inlinable
    package var forwardableCount: Int { block.count &- hopByHopCount }

    /// Appends what is handed on with the message, unchanged and in order: in one piece if nothing
    /// is taken out. [MQTT-3.3.2-15] to [MQTT-3.3.2-20]
    package func appendForwardable(from bytes: Span<UInt8>, to output: inout OutputRawSpan) {
        if hopByHopCount == 0 {
            output.append(bytes.extracting(block))
            return
        }
        var entries = all.makeIterator()
        var start = block.lowerBound
        while let property = entries.next(in: bytes) {
            guard property.id.isHopByHop else { continue }
            output.append(bytes.extracting(start..<property.entry.lowerBound))
            start = property.entry.upperBound
        }
        output.append(bytes.extracting(start..<block.upperBound))
    }
}
