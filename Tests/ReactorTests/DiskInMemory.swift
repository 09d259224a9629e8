// SPDX-License-Identifier: Apache-2.0
// A folder on a file system in memory, where the disk takes no time of its own.
import Glibc

@testable import Reactor

struct DiskInMemory {
    private let folder: String
    let disk: PosixDisk

    init() throws {
        var template = Array("/dev/shm/qos2.XXXXXX\0".utf8CString)
        folder = template.withUnsafeMutableBufferPointer {
            String(cString: mkdtemp($0.baseAddress!))
        }
        disk = try PosixDisk(folder: folder)
    }

    func remove() {
        for name in (try? disk.names()) ?? [] { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }
}
