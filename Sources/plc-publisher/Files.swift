// SPDX-License-Identifier: Apache-2.0
//
// What the publisher wants of files: whether one is there and may be read, and what is in it.
import Glibc
import Reactor

func isFile(_ path: String) -> Bool {
    access(path, F_OK) == 0
}

func mayRead(folder: String) -> Bool {
    access(folder, R_OK | X_OK) == 0
}

func contents(of path: String) throws(SystemError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError(operation: "read", subject: path) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 256 * 1024)
    while true {
        let count = read(descriptor, &piece, piece.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw SystemError(operation: "read", subject: path) }
        guard count > 0 else { return bytes }
        bytes += piece[..<count]
    }
}
