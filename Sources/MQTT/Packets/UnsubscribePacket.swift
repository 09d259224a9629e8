// SPDX-License-Identifier: Apache-2.0
//
// UNSUBSCRIBE as received. Its filters are compared with those held byte for byte, so that their
// syntax needs no check: a wrong one is never held. [MQTT-3.10.4-1]

/// [MQTT 5.0, 3.10]
public struct UnsubscribePacket: Hashable, Sendable {
    public let id: PacketID
    public private(set) var properties: Properties = .none
    public let filters: UnsubscribeFilters

    public init(
        _ bytes: Span<UInt8>, _ header: FixedHeader, _ version: ProtocolVersion
    ) throws(DecodeError) {
        var cursor = ByteCursor(header.body)
        id = try cursor.packetID(in: bytes)
        if version == .v5 {
            var reader = try PropertyReader(bytes, &cursor, in: .unsubscribe)
            properties = Properties(block: reader.block)
            while try reader.next(in: bytes) != nil {}
        }
        filters = try UnsubscribeFilters(bytes, cursor.remaining)
    }
}

/// The payload of an UNSUBSCRIBE that has been checked.
public struct UnsubscribeFilters: Hashable, Sendable {
    public let payload: Range<Int>
    public let count: Int

    init(_ bytes: Span<UInt8>, _ payload: Range<Int>) throws(DecodeError) {
        var cursor = ByteCursor(payload)
        var count = 0
        while !cursor.isAtEnd {
            _ = try cursor.string(in: bytes)  // [MQTT-3.10.2-1]
            count += 1
        }
        guard count > 0 else { throw .protocolError(.noFilters) }  // [MQTT-3.10.2-2]
        self.payload = payload
        self.count = count
    }

    public func makeIterator() -> Iterator { Iterator(payload) }

    /// Takes the span that the packet was decoded from with each call.
    public struct Iterator: Sendable {
        private var cursor: ByteCursor

        init(_ payload: Range<Int>) { cursor = ByteCursor(payload) }

        public mutating func next(in bytes: Span<UInt8>) -> Range<Int>? {
            if cursor.isAtEnd { return nil }
            do {
                return try cursor.binary(in: bytes)
            } catch {
                preconditionFailure("not the bytes that this UNSUBSCRIBE was checked in")
            }
        }
    }
}
