// SPDX-License-Identifier: Apache-2.0
//
// The fifteen control packets, by the upper half of their first byte. [MQTT 5.0, 2.1.2]

public enum PacketKind: UInt8, CaseIterable, Hashable, Sendable {
    case connect = 1
    case connack
    case publish
    case puback
    case pubrec
    case pubrel
    case pubcomp
    case subscribe
    case suback
    case unsubscribe
    case unsuback
    case pingreq
    case pingresp
    case disconnect
    case auth

    /// As the synthesized one, which is a call.
    @inlinable @inline(__always)
    public init?(rawValue: UInt8) {
        guard 1...15 ~= rawValue else { return nil }
        self = unsafe unsafeBitCast(rawValue &- 1, to: PacketKind.self)
    }

    /// The flags that a packet of this kind must carry; PUBLISH has its own. [MQTT-2.1.3-1]
    @inlinable @inline(__always)
    public var requiredFlags: UInt8 {
        // A bit for each of the three kinds: branches would cost more than the rest of a header.
        let kinds: UInt16 = 1 &<< 6 | 1 &<< 8 | 1 &<< 10
        return UInt8(truncatingIfNeeded: (kinds &>> UInt16(rawValue)) & 1) &<< 1
    }

    /// The name as the standard writes it.
    public var name: String {
        switch self {
        case .connect: "CONNECT"
        case .connack: "CONNACK"
        case .publish: "PUBLISH"
        case .puback: "PUBACK"
        case .pubrec: "PUBREC"
        case .pubrel: "PUBREL"
        case .pubcomp: "PUBCOMP"
        case .subscribe: "SUBSCRIBE"
        case .suback: "SUBACK"
        case .unsubscribe: "UNSUBSCRIBE"
        case .unsuback: "UNSUBACK"
        case .pingreq: "PINGREQ"
        case .pingresp: "PINGRESP"
        case .disconnect: "DISCONNECT"
        case .auth: "AUTH"
        }
    }
}

extension PacketKind: CustomStringConvertible {
    public var description: String { name }
}
