// SPDX-License-Identifier: Apache-2.0
//
// The one scan that every property block of a received packet goes through. It refuses what does
// not belong, comes twice or has a forbidden value; rules between properties are the packet's.

struct PropertyReader {
    let block: Range<Int>
    private let place: PropertyPlaces
    private var cursor: ByteCursor
    private var seen: UInt64 = 0

    /// Starts at the property length and moves the packet's cursor behind the block.
    init(
        _ bytes: Span<UInt8>, _ packet: inout ByteCursor, in place: PropertyPlaces
    ) throws(DecodeError) {
        block = try packet.take(try packet.variable(in: bytes))
        cursor = ByteCursor(block)
        self.place = place
    }

    mutating func next(in bytes: Span<UInt8>) throws(DecodeError) -> Property? {
        if cursor.isAtEnd { return nil }
        let property = try Property(bytes, &cursor)
        guard property.id.places.contains(place) else { throw .malformed(.foreignProperty) }
        try checkFirst(property.id)
        try checkValue(property)
        return property
    }

    private mutating func checkFirst(_ id: PropertyID) throws(DecodeError) {
        let bit: UInt64 = 1 << UInt64(id.rawValue)
        defer { seen |= bit }
        guard seen & bit != 0 else { return }
        let isRepeatable =
            id == .userProperty || (id == .subscriptionIdentifier && place == .publish)
        guard isRepeatable else { throw .protocolError(.repeatedProperty) }
    }

    private func checkValue(_ property: Property) throws(DecodeError) {
        if property.id.form == .flag, property.number > 1 {
            throw .protocolError(.propertyValue)
        }
        if property.id.mustNotBeZero, property.number == 0 {
            if property.id == .topicAlias { throw .topicAliasInvalid }
            throw .protocolError(.propertyValue)
        }
    }
}
