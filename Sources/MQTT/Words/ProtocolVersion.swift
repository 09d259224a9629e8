// SPDX-License-Identifier: Apache-2.0
//
// The two versions of MQTT that are spoken here, by the level byte of CONNECT. MQTT 3.1 ("MQIsdp",
// level 3) is not one of them.

public enum ProtocolVersion: UInt8, Hashable, Sendable {
    case v311 = 4
    case v5 = 5
}

extension ProtocolVersion: CustomStringConvertible {
    public var description: String {
        switch self {
        case .v311: "3.1.1"
        case .v5: "5.0"
        }
    }
}
