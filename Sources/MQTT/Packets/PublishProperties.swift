// SPDX-License-Identifier: Apache-2.0
//
// The properties of a message, in PUBLISH and in the will of a CONNECT. Those that belong to the
// message are handed on byte for byte and in their order; those of one hop are taken out and, where
// needed, written anew by PublishEncoder.

/// What somebody on the way acts upon is here by name; all the others are found in `all`. A PUBLISH is
/// handed around by value, and hardly one has any.
public struct PublishProperties: Hashable, Sendable {
    public private(set) var messageExpiry: UInt32?
    public private(set) var topicAlias: UInt16?
    /// Only in a will; 0 if absent.
    public private(set) var willDelay: UInt32 = 0
    /// All entries. Receive buffers are far below 4 GiB.
    @usableFromInline let start: UInt32
    @usableFromInline let count: UInt32
    @usableFromInline private(set) var hopByHop: UInt32 = 0

    @usableFromInline
    init() { (start, count) = (0, 0) }

    /// What a message of MQTT 3.1.1 has.
    @inlinable
    public static var none: PublishProperties { PublishProperties() }

    /// Starts at the property length of a PUBLISH.
    @inlinable @inline(__always)
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
        start = UInt32(reader.block.lowerBound)
        count = UInt32(reader.block.count)
        while let property = try reader.next(in: bytes) {
            try take(property, bytes, from: sender)
            if property.id.isHopByHop { hopByHop += UInt32(property.entry.count) }
        }
    }

    private mutating func take(
        _ property: Property, _ bytes: Span<UInt8>, from sender: Role
    ) throws(DecodeError) {
        switch property.id {
        case .messageExpiryInterval: messageExpiry = property.number
        case .topicAlias: topicAlias = UInt16(truncatingIfNeeded: property.number)
        case .willDelayInterval: willDelay = property.number
        case .responseTopic: try TopicName.validate(bytes, property.value)  // [MQTT-3.3.2-14]
        case .subscriptionIdentifier:  // [MQTT-3.3.4-6]
            guard sender == .server else { throw .protocolError(.propertyOfOtherRole) }
        case .payloadFormatIndicator, .contentType, .correlationData, .userProperty: break
        default:
            preconditionFailure("\(property.id) passed the table of places")
        }
    }
}

extension PublishProperties {
    /// All entries, without the length in front of them.
    @inlinable @inline(__always)
    public var block: Range<Int> { Int(start)..<Int(start) + Int(count) }

    /// How many bytes of the block are not handed on.
    @inlinable @inline(__always)
    var hopByHopCount: Int { Int(hopByHop) }

    /// For walking through them.
    public var all: Properties { Properties(block: block) }

    /// The size of what is handed on: all but expiry, alias, subscription identifiers and delay.
    @inlinable @inline(__always)
    public var forwardableCount: Int { Int(count &- hopByHop) }

    /// Appends what is handed on with the message, unchanged and in order: in one piece if nothing
    /// is taken out. [MQTT-3.3.2-15] to [MQTT-3.3.2-20]
    public func appendForwardable(from bytes: Span<UInt8>, to output: inout OutputRawSpan) {
        if hopByHopCount == 0 {
            output.append(bytes.extracting(block))
            return
        }
        var walk = all.makeIterator()
        var start = block.lowerBound
        while let property = walk.next(in: bytes) {
            guard property.id.isHopByHop else { continue }
            output.append(bytes.extracting(start..<property.entry.lowerBound))
            start = property.entry.upperBound
        }
        output.append(bytes.extracting(start..<block.upperBound))
    }
}
