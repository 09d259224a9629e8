// SPDX-License-Identifier: Apache-2.0
//
// Writes a PUBLISH up to its payload, which the caller appends or hands to the kernel from where it
// lies. The size is known from counts alone, before topic and properties are touched.

/// What may differ from receiver to receiver.
public struct PublishHead: Hashable, Sendable {
    public var qos: QoS
    public var duplicate: Bool
    public var retain: Bool
    /// Nil for QoS 0 and for no other. [MQTT-2.2.1-2]
    public var id: PacketID?
    /// What is left of it, in seconds. [MQTT-3.3.2-6]
    public var messageExpiry: UInt32?
    public var topicAlias: UInt16?

    @inlinable @inline(__always)
    public init(
        qos: QoS, duplicate: Bool = false, retain: Bool = false, id: PacketID? = nil,
        messageExpiry: UInt32? = nil, topicAlias: UInt16? = nil
    ) {
        precondition((id == nil) == (qos == .atMostOnce), "QoS and packet identifier disagree")
        precondition(!duplicate || qos != .atMostOnce, "DUP on QoS 0")  // [MQTT-3.3.1-2]
        self.qos = qos
        self.duplicate = duplicate
        self.retain = retain
        self.id = id
        self.messageExpiry = messageExpiry
        self.topicAlias = topicAlias
    }

    @inlinable @inline(__always)
    var firstByte: UInt8 {
        PacketKind.publish.rawValue &<< 4 | (duplicate ? 0b1000 : 0) | qos.rawValue &<< 1
            | (retain ? 0b0001 : 0)
    }
}

public struct PublishEncoder: Sendable {
    public let head: PublishHead
    public let version: ProtocolVersion
    @usableFromInline let topicCount: Int
    @usableFromInline let propertiesCount: Int
    @usableFromInline let payloadCount: Int

    /// `topicCount` is 0 where an alias stands for the topic. `forwardableCount` counts the bytes
    /// of the message's own properties, as `PublishProperties.appendForwardable` leaves them.
    @inlinable @inline(__always)
    public init(
        _ head: PublishHead, _ version: ProtocolVersion, topicCount: Int,
        subscriptionIdentifiers: Span<UInt32> = Span(), forwardableCount: Int = 0,
        payloadCount: Int
    ) {
        precondition(topicCount <= 65_535, "topic of \(topicCount) bytes")
        self.head = head
        self.version = version
        self.topicCount = topicCount
        self.payloadCount = payloadCount
        guard version == .v5 else {
            propertiesCount = 0
            return
        }
        propertiesCount = Self.propertiesCount(head, subscriptionIdentifiers, forwardableCount)
    }

    @usableFromInline
    static func propertiesCount(
        _ head: PublishHead, _ subscriptionIdentifiers: Span<UInt32>, _ forwardableCount: Int
    ) -> Int {
        var count = forwardableCount
        if head.messageExpiry != nil { count += 5 }
        if head.topicAlias != nil { count += 3 }
        for index in subscriptionIdentifiers.indices {
            count += 1 + VariableByteInteger.size(of: Int(subscriptionIdentifiers[index]))
        }
        return count
    }

    @inlinable @inline(__always)
    var remainingLength: Int {
        var length = 2 + topicCount + payloadCount
        if head.id != nil { length += 2 }
        if version == .v5 {
            length += VariableByteInteger.size(of: propertiesCount) + propertiesCount
        }
        return length
    }

    /// How much room `encode` needs: all but the payload.
    @inlinable @inline(__always)
    public var encodedSize: Int { packetSize - payloadCount }

    /// The whole packet.
    @inlinable @inline(__always)
    public var packetSize: Int {
        let length = remainingLength
        return 1 + VariableByteInteger.size(of: length) + length
    }

    /// Whether the receiver takes a packet of this size and the protocol can express it; if not,
    /// the message counts as delivered. [MQTT-3.1.2-24], [MQTT-3.1.2-25]
    public func fits(_ maximumPacketSize: UInt32?) -> Bool {
        guard remainingLength <= VariableByteInteger.maximum else { return false }
        guard let maximumPacketSize else { return true }
        return packetSize <= Int(maximumPacketSize)
    }

    /// The spans must have the counts that the encoder was made with. Receivers that speak MQTT
    /// 3.1.1 get no properties, whatever the message has.
    @inlinable @inline(__always)
    public func encode(
        topic: Span<UInt8>, subscriptionIdentifiers: Span<UInt32> = Span(),
        forwardable: Span<UInt8> = Span(), into output: inout OutputRawSpan
    ) {
        precondition(topic.count == topicCount, "not the topic that was counted")
        output.append(head.firstByte)
        output.append(variable: remainingLength)
        output.append(word: UInt16(topicCount).bigEndian)
        output.append(topic)
        if let id = head.id { output.append(word: id.rawValue.bigEndian) }
        if version == .v5 {
            output.append(variable: propertiesCount)
            guard propertiesCount > 0 else { return }
            Self.encodeProperties(
                propertiesCount, expiry: head.messageExpiry, alias: head.topicAlias,
                subscriptionIdentifiers, forwardable, into: &output)
        }
    }

    /// Apart, and of values: where a packet has none, nothing of the encoder has to lie in memory.
    @usableFromInline
    static func encodeProperties(
        _ propertiesCount: Int, expiry: UInt32?, alias: UInt16?,
        _ subscriptionIdentifiers: Span<UInt32>, _ forwardable: Span<UInt8>,
        into output: inout OutputRawSpan
    ) {
        let start = output.byteCount
        output.append(.messageExpiryInterval, fourBytes: expiry)
        output.append(.topicAlias, twoBytes: alias)
        for index in subscriptionIdentifiers.indices {
            output.append(.subscriptionIdentifier, variable: subscriptionIdentifiers[index])
        }
        output.append(forwardable)
        precondition(
            output.byteCount - start == propertiesCount, "not the properties that were counted")
    }
}
