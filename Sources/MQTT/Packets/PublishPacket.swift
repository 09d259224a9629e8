// SPDX-License-Identifier: Apache-2.0
//
// PUBLISH as received: ranges into the receive buffer. Aliases are resolved by Flows, a known topic
// is recognised by routing; the packet for a receiver is written by PublishEncoder.

/// [MQTT 5.0, 3.3]
public struct PublishPacket: Hashable, Sendable {
    public let duplicate: Bool
    public let qos: QoS
    public let retain: Bool
    /// Empty if an alias stands for it.
    public let topic: Range<Int>
    /// Nil for QoS 0. [MQTT-2.2.1-2]
    public let id: PacketID?
    public let properties: PublishProperties
    public let payload: Range<Int>

    /// With `validatingTopic` false the topic is taken as it is, for a receiver that compares its
    /// bytes with topics that it has validated before.
    @inlinable @inline(__always)
    public init(
        _ bytes: Span<UInt8>, _ header: FixedHeader, _ version: ProtocolVersion,
        from sender: Role, validatingTopic: Bool = true
    ) throws(DecodeError) {
        guard let qos = QoS(rawValue: (header.flags &>> 1) & 0b11) else {
            throw .malformed(.reservedQoS)
        }
        self.qos = qos
        duplicate = header.flags & 0b1000 != 0
        retain = header.flags & 0b0001 != 0
        var cursor = ByteCursor(header.body)
        topic = try cursor.binary(in: bytes)
        if validatingTopic { try Self.validate(topic, in: bytes) }
        id = qos == .atMostOnce ? nil : try cursor.packetID(in: bytes)
        switch version {
        case .v311:
            properties = .none
            if topic.isEmpty { throw .malformed(.emptyTopic) }  // [MQTT-4.7.3-1]
        case .v5:
            properties = try PublishProperties.read(bytes, &cursor, from: sender)
            if topic.isEmpty, properties.topicAlias == nil { throw .protocolError(.emptyTopic) }
        }
        payload = cursor.remaining
    }

    /// What a QoS 0 packet without properties has behind its fixed header: it is the same for whoever gets
    /// the message in this version. Nil for a packet that receivers get in another form. `PlainPublish`
    /// writes it.
    @inlinable @inline(__always)
    public var plainBody: Range<Int>? {
        guard qos == .atMostOnce, !retain, !topic.isEmpty, properties.block.isEmpty else {
            return nil
        }
        return topic.lowerBound &- 2..<payload.upperBound
    }

    /// For a receiver that did not know the topic after all.
    @inlinable @inline(__always)
    public func validateTopic(in bytes: Span<UInt8>) throws(DecodeError) {
        try Self.validate(topic, in: bytes)
    }

    @inlinable @inline(__always)
    static func validate(_ topic: Range<Int>, in bytes: Span<UInt8>) throws(DecodeError) {
        if !topic.isEmpty { try TopicName.validate(bytes, topic) }
    }
}
