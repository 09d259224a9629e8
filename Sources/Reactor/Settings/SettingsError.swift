// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with a configuration, and where: one line each, all of them at once.

/// A place in a configuration file: `broker.conf:12:1`.
package struct Place: Equatable, Hashable, Sendable, CustomStringConvertible {
    package var file: String
    package var line: Int
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package var description: String {
        line > 0 ? "\(file):\(line):\(column)" : file
    }
}

/// `broker.conf:12:1: unknown key 'foo': did you mean 'bar'?`
package struct SettingsError: Error, Equatable, Sendable, CustomStringConvertible {
    package var place: Place
    package var message: String

    package init(_ place: Place, _ message: String) {
        self.place = place
        self.message = message
    }

    package var description: String { "\(place): \(message)" }
}
