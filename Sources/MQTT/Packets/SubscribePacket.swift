// SPDX-License-Identifier: Apache-2.0
//
// SUBSCRIBE as received. The whole of it is checked first, so that walking through the requests
// cannot fail half-way; a filter with wrong syntax does not spoil the others.

/// [MQTT 5.0, 3.8]
public struct SubscribePacket: Hashable, Sendable {
    public let id: PacketID
    public private(set) var subscriptionIdentifier: UInt32?
    public private(set) var properties: Properties = .none
    public let requests: SubscribeRequests

    public init(
        _ bytes: Span<UInt8>, _ header: FixedHeader, _ version: ProtocolVersion
    ) throws(DecodeError) {
        var cursor = ByteCursor(header.body)
        id = try cursor.packetID(in: bytes)
        var reader =
            version == .v5 ? try PropertyReader(bytes, &cursor, in: .subscribe) : nil
        requests = try SubscribeRequests(bytes, cursor.remaining, version)
        guard reader != nil else { return }
        properties = Properties(block: reader!.block)
        while let property = try reader!.next(in: bytes) {
            if property.id == .subscriptionIdentifier { subscriptionIdentifier = property.number }
        }
    }
}

/// One filter of a SUBSCRIBE and how it is wanted.
public struct SubscribeRequest: Hashable, Sendable {
    /// The text as sent.
    public let filter: Range<Int>
    public let options: SubscriptionOptions
    /// The parsed text; nil if its syntax is wrong, which SUBACK answers with 0x8F.
    public let topicFilter: TopicFilter?
}

/// The payload of a SUBSCRIBE that has been checked.
public struct SubscribeRequests: Hashable, Sendable {
    public let payload: Range<Int>
    public let count: Int
    private let version: ProtocolVersion

    init(
        _ bytes: Span<UInt8>, _ payload: Range<Int>, _ version: ProtocolVersion
    ) throws(DecodeError) {
        var cursor = ByteCursor(payload)
        var count = 0
        while !cursor.isAtEnd {
            let request = try Self.read(bytes, &cursor, version)
            if request.options.noLocal, request.topicFilter?.isShared == true {
                throw .protocolError(.noLocalOnShared)  // [MQTT-3.8.3-4]
            }
            count += 1
        }
        guard count > 0 else { throw .protocolError(.noFilters) }  // [MQTT-3.8.3-2]
        self.payload = payload
        self.count = count
        self.version = version
    }

    private static func read(
        _ bytes: Span<UInt8>, _ cursor: inout ByteCursor, _ version: ProtocolVersion
    ) throws(DecodeError) -> SubscribeRequest {
        let filter = try cursor.string(in: bytes)  // [MQTT-3.8.3-1]
        let options = try SubscriptionOptions(cursor.byte(in: bytes), version)
        return SubscribeRequest(
            filter: filter, options: options,
            topicFilter: try? TopicFilter(bytes, filter))
    }

    public func makeIterator() -> Iterator { Iterator(self) }

    /// Takes the span that the packet was decoded from with each call.
    public struct Iterator: Sendable {
        private var cursor: ByteCursor
        private let version: ProtocolVersion

        init(_ requests: SubscribeRequests) {
            cursor = ByteCursor(requests.payload)
            version = requests.version
        }

        public mutating func next(in bytes: Span<UInt8>) -> SubscribeRequest? {
            if cursor.isAtEnd { return nil }
            do {
                return try SubscribeRequests.read(bytes, &cursor, version)
            } catch {
                preconditionFailure("not the bytes that this SUBSCRIBE was checked in")
            }
        }
    }
}
