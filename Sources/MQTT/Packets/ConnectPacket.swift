// SPDX-License-Identifier: Apache-2.0
//
// CONNECT as received. It checks the form of the packet; whether the client may come in, and under
// which identifier, is the broker's to say.

/// [MQTT 5.0, 3.1]
public struct ConnectPacket: Hashable, Sendable {
    public let version: ProtocolVersion
    /// "Clean session" in MQTT 3.1.1.
    public let cleanStart: Bool
    /// In seconds; 0 means off.
    public let keepAlive: UInt16
    /// Empty if the server is to choose one.
    public let clientID: Range<Int>
    public let will: Will?
    public let username: Range<Int>?
    public let password: Range<Int>?
    public private(set) var sessionExpiry: UInt32?
    public private(set) var receiveMaximum: UInt16 = 65_535
    public private(set) var maximumPacketSize: UInt32?
    public private(set) var topicAliasMaximum: UInt16 = 0
    public private(set) var requestResponseInformation = false
    public private(set) var requestProblemInformation = true
    public private(set) var authenticationMethod: Range<Int>?
    public private(set) var authenticationData: Range<Int>?
    public private(set) var properties: Properties = .none

    public init(_ bytes: Span<UInt8>, _ header: FixedHeader) throws(DecodeError) {
        var cursor = ByteCursor(header.body)
        version = try Self.readVersion(bytes, &cursor)
        let flags = try ConnectFlags(cursor.byte(in: bytes), version)
        cleanStart = flags.cleanStart
        keepAlive = try cursor.twoBytes(in: bytes)
        var reader =
            version == .v5 ? try PropertyReader(bytes, &cursor, in: .connect) : nil
        clientID = try cursor.string(in: bytes)  // [MQTT-3.1.3-1], [MQTT-3.1.3-4]
        will = flags.hasWill ? try Will(bytes, &cursor, flags, version) : nil
        username = flags.hasUsername ? try cursor.string(in: bytes) : nil
        password = flags.hasPassword ? try cursor.binary(in: bytes) : nil
        try cursor.requireEnd()
        guard reader != nil else { return }
        try takeProperties(bytes, &reader!)
    }

    private mutating func takeProperties(
        _ bytes: Span<UInt8>, _ reader: inout PropertyReader
    ) throws(DecodeError) {
        properties = Properties(block: reader.block)
        while let property = try reader.next(in: bytes) { take(property) }
        guard authenticationData == nil || authenticationMethod != nil else {
            throw .protocolError(.dataWithoutMethod)
        }
    }

    private mutating func take(_ property: Property) {
        switch property.id {
        case .sessionExpiryInterval: sessionExpiry = property.number
        case .receiveMaximum: receiveMaximum = UInt16(truncatingIfNeeded: property.number)
        case .maximumPacketSize: maximumPacketSize = property.number
        case .topicAliasMaximum: topicAliasMaximum = UInt16(truncatingIfNeeded: property.number)
        case .requestResponseInformation: requestResponseInformation = property.number == 1
        case .requestProblemInformation: requestProblemInformation = property.number == 1
        case .authenticationMethod: authenticationMethod = property.value
        case .authenticationData: authenticationData = property.value
        case .userProperty: break
        default: preconditionFailure("\(property.id) passed the table of places")
        }
    }
}

extension ConnectPacket {
    /// The version that a CONNECT speaks, even if the rest of it is wrong: MQTT 5.0 may be told
    /// why, MQTT 3.1.1 is closed without a word. [MQTT-3.1.4-1]
    public static func version(
        of bytes: Span<UInt8>, _ header: FixedHeader
    ) -> ProtocolVersion? {
        var cursor = ByteCursor(header.body)
        return try? readVersion(bytes, &cursor)
    }

    /// [MQTT-3.1.2-1], [MQTT-3.1.2-2]
    private static func readVersion(
        _ bytes: Span<UInt8>, _ cursor: inout ByteCursor
    ) throws(DecodeError) -> ProtocolVersion {
        let name = try cursor.binary(in: bytes)
        let isOurs = isName(bytes, name, Self.name)
        guard isOurs || isName(bytes, name, Self.oldName) else { throw .malformed(.protocolName) }
        let level = try cursor.byte(in: bytes)
        guard isOurs, let version = ProtocolVersion(rawValue: level) else {
            throw .unsupportedVersion(level: level)
        }
        return version
    }

    private static let name = Array("MQTT".utf8)
    /// The name that MQTT 3.1 and its predecessors had.
    private static let oldName = Array("MQIsdp".utf8)

    private static func isName(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ name: [UInt8]
    ) -> Bool {
        guard range.count == name.count else { return false }
        for offset in name.indices where bytes[range.lowerBound + offset] != name[offset] {
            return false
        }
        return true
    }
}
