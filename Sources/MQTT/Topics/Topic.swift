// SPDX-License-Identifier: Apache-2.0
//
// The four characters that mean something in topic names and filters. [MQTT 5.0, 4.7]

public enum Topic {
    @inlinable public static var separator: UInt8 { UInt8(ascii: "/") }
    @inlinable public static var plus: UInt8 { UInt8(ascii: "+") }
    @inlinable public static var hash: UInt8 { UInt8(ascii: "#") }
    @inlinable public static var dollar: UInt8 { UInt8(ascii: "$") }
}
