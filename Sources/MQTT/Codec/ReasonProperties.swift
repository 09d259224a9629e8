// SPDX-License-Identifier: Apache-2.0
//
// The property block of the packets that only give a reason: acknowledgements, SUBACK, UNSUBACK.

struct ReasonProperties {
    let properties: Properties
    private(set) var reasonString: Range<Int>?

    static let none = ReasonProperties()

    private init() { properties = .none }

    /// Starts at the property length.
    init(
        _ bytes: Span<UInt8>, _ cursor: inout ByteCursor, in place: PropertyPlaces
    ) throws(DecodeError) {
        var reader = try PropertyReader(bytes, &cursor, in: place)
        properties = Properties(block: reader.block)
        while let property = try reader.next(in: bytes) {
            if property.id == .reasonString { reasonString = property.value }
        }
    }
}
