// SPDX-License-Identifier: Apache-2.0
// A file system in memory whose un-synced writes vanish when a test cuts its power: mounted over
// FUSE, so that the real programs run on it. Orders come over standard input.
import Glibc

guard CommandLine.arguments.count == 2 else {
    complain("usage: LosingFileSystem MOUNTPOINT")
    exit(64)
}
do {
    try Server(mountPoint: CommandLine.arguments[1]).run()
} catch {
    complain("LosingFileSystem: \(error)")
    exit(EXIT_FAILURE)
}

func complain(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
}
