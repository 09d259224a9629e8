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
