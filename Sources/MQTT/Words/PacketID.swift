// SPDX-License-Identifier: Apache-2.0
//
// The number that ties the packets of one exchange together. Which numbers are taken is known to
// the tables in Flows; here is only the rule that 0 is none.

/// A packet identifier, 1 to 65,535. [MQTT-2.2.1-3]
public struct PacketID: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt16

    /// Nil for 0, which is no packet identifier.
    @inlinable
    public init?(rawValue: UInt16) {
        guard rawValue != 0 else { return nil }
        self.rawValue = rawValue
    }

    /// For numbers that are known not to be 0.
    @inlinable
    public init(_ rawValue: UInt16) {
        precondition(rawValue != 0, "0 is no packet identifier")
        self.rawValue = rawValue
    }

    @inlinable
    public static func < (left: PacketID, right: PacketID) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension PacketID: ExpressibleByIntegerLiteral {
    @inlinable
    public init(integerLiteral value: UInt16) { self.init(value) }
}

extension PacketID: CustomStringConvertible {
    public var description: String { String(rawValue) }
}
