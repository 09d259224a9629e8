// SPDX-License-Identifier: Apache-2.0
//
// What the kernel refused, told so that one line says what failed and on what.

import Glibc

/// A failed system call: `bind 127.0.0.1:1883: Address already in use`.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    package var operation: String
    package var subject: String
    package var errno: Int32

    package init(operation: String, subject: String = "", errno: Int32 = Glibc.errno) {
        self.operation = operation
        self.subject = subject
        self.errno = errno
    }

    package var description: String {
        let place = subject.isEmpty ? operation : "\(operation) \(subject)"
        return "\(place): \(reason)"
    }

    /// The reason alone: `Address already in use`. A resolver's own codes are negative.
    package var reason: String {
        if errno < 0 { return String(cString: gai_strerror(errno)) }
        return String(cString: strerror(errno))
    }
}

extension SystemError {
    package var isAddressInUse: Bool { errno == EADDRINUSE }

    /// The user may not do this.
    package var isDenied: Bool { errno == EACCES || errno == EPERM }
}

/// One line on stderr, for a program that has no log yet or no more: `PROGRAM: message`.
package func complain(_ message: String) {
    let program = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "?"
    let line = Array("\(program): \(message)\n".utf8)
    // If stderr is gone there is nobody left to tell.
    _ = Glibc.write(STDERR_FILENO, line, line.count)
}

/// A variable of the environment; nil where it is not set or empty.
package func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
}
