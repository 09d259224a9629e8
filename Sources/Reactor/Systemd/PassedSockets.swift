// SPDX-License-Identifier: Apache-2.0
//
// Sockets that the service manager opened for us, by the names that the unit gives them.

import CSystemd
import Glibc

package struct PassedSocket: Equatable, Sendable {
    package let descriptor: Int32
    /// `FileDescriptorName=` of the socket unit.
    package let name: String
}

package enum PassedSockets {
    /// All that were passed; empty where none were. The variables are taken out of the environment,
    /// so that a child does not believe they are its own.
    package static func take() throws(SystemError) -> [PassedSocket] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        guard count >= 0 else {
            throw SystemError(operation: "take passed sockets", errno: -count)
        }
        defer {
            for index in 0..<Int(count) { free(names?[index]) }
            free(names)
        }
        return (0..<Int(count)).map { index in
            PassedSocket(
                descriptor: 3 + Int32(index),
                name: names?[index].map { String(cString: $0) } ?? "unknown")
        }
    }
}
