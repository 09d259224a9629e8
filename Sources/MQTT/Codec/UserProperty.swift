// SPDX-License-Identifier: Apache-2.0
//
// A user property to be written. Received ones stay where they are and are found by Properties.

/// [MQTT 5.0, 1.5.7]
package struct UserProperty: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
