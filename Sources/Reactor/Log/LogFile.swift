// SPDX-License-Identifier: Apache-2.0
// A file that log lines are appended to. Whoever moves it away, as logrotate does, has it made anew.
import Glibc

package final class LogFile {
    /// The same for ever, whichever file it stands for.
    package let descriptor: Int32
    package let path: String

    package init(_ path: String) throws(SystemError) {
        self.path = path
        descriptor = try Self.open(path).release()
    }

    deinit { close(descriptor) }

    /// Goes on in the file that has the path now, which is made if there is none.
    package func reopen() throws(SystemError) {
        let file = try Self.open(path)
        guard dup2(file.raw, descriptor) >= 0 else {
            throw SystemError(operation: "reopen", subject: path)
        }
    }

    private static func open(_ path: String) throws(SystemError) -> OwnedDescriptor {
        try OwnedDescriptor(
            Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640), "open", path)
    }
}

extension LogFile: Equatable {
    package static func == (left: LogFile, right: LogFile) -> Bool { left === right }
}
