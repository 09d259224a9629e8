// SPDX-License-Identifier: Apache-2.0
//
// The size arithmetic of the variable byte integer: seven bits a byte, at most four bytes. Reading
// one is in ByteCursor and FixedHeader, writing one in ByteSink. [MQTT 5.0, 1.5.5]

public enum VariableByteInteger {
    public static let maximum = 268_435_455

    /// How many bytes the shortest form of the value takes. [MQTT-1.5.5-1]
    @inlinable
    public static func size(of value: Int) -> Int {
        if value < 0x80 { return 1 }
        if value < 0x4000 { return 2 }
        return value < 0x20_0000 ? 3 : 4
    }
}
