// SPDX-License-Identifier: Apache-2.0
//
// A user property to be written. Received ones stay where they are and are found by Properties.

/// [MQTT 5.0, 1.5.7]
public struct UserProperty: Hashable, Sendable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
