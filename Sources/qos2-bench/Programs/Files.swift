// SPDX-License-Identifier: Apache-2.0
//
// Folders and files for the programs under test.
import Glibc
import Reactor

func makeFolder(_ path: String) throws(SystemError) {
    guard mkdir(path, 0o755) == 0 else {
        throw SystemError(operation: "make folder", subject: path)
    }
}

/// The whole of a file, in the place of what it had.
func write(_ text: String, to path: String) throws(SystemError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError(operation: "write", subject: path) }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
        throw SystemError(operation: "write", subject: path)
    }
}

/// The folder with everything in it.
func removeFolder(_ path: String) {
    guard let directory = opendir(path) else { return }
    while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name == "." || name == ".." { continue }
        let inside = "\(path)/\(name)"
        if unlink(inside) != 0 { removeFolder(inside) }
    }
    closedir(directory)
    rmdir(path)
}
