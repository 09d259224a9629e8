// SPDX-License-Identifier: Apache-2.0
//
// One property of MQTT 5.0 as it lies in a packet. Whether it may stand there is checked by
// PropertyReader.

public struct Property: Hashable, Sendable {
    public let id: PropertyID
    /// The whole entry, identifier included.
    public let entry: Range<Int>
    /// The value, if it is a number; else 0.
    public let number: UInt32
    /// The name of a user property; else empty.
    public let name: Range<Int>
    /// The bytes of a string or of binary data without their length; else empty.
    public let value: Range<Int>

    /// Reads one entry. [MQTT 5.0, 2.2.2.2]
    init(_ bytes: Span<UInt8>, _ cursor: inout ByteCursor) throws(DecodeError) {
        let start = cursor.position
        let identifier = try cursor.variable(in: bytes)
        guard let narrow = UInt8(exactly: identifier), let id = PropertyID(rawValue: narrow) else {
            throw .malformed(.unknownProperty)
        }
        var number: UInt32 = 0
        var name = start..<start
        var value = start..<start
        switch id.form {
        case .flag: number = UInt32(try cursor.byte(in: bytes))
        case .twoBytes: number = UInt32(try cursor.twoBytes(in: bytes))
        case .fourBytes: number = try cursor.fourBytes(in: bytes)
        case .variable: number = UInt32(try cursor.variable(in: bytes))
        case .string: value = try cursor.string(in: bytes)
        case .binary: value = try cursor.binary(in: bytes)
        case .stringPair:  // [MQTT-1.5.7-1]
            name = try cursor.string(in: bytes)
            value = try cursor.string(in: bytes)
        }
        self.id = id
        self.entry = start..<cursor.position
        self.number = number
        self.name = name
        self.value = value
    }
}
