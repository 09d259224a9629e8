// SPDX-License-Identifier: Apache-2.0
// Who holds the lock of a folder, from the kernel's table of locks: to ask for the lock itself could
// keep somebody from getting it. What the kernel does not show is not told.
import Glibc

package struct FolderHolder: CustomStringConvertible {
    package let pid: Int
    package let name: String

    package var description: String { "pid \(pid), \(name)" }

    package init?(of folder: String) {
        var status = stat()
        guard stat(folder, &status) == 0, let table = try? contents(ofFile: "/proc/locks") else {
            return nil
        }
        // `1: FLOCK  ADVISORY  WRITE 812 fe:00:1089799 0 EOF`. Some file systems name their device
        // in another way here, so that the file's number alone has to do; and it lasts as long as
        // the folder is open.
        let suffix = ":\(status.st_ino)"
        for line in String(decoding: table, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count > 5, words[1] == "FLOCK", words[5].hasSuffix(suffix),
                let pid = Int(words[4]), pid > 0, Self.isOpen(folder: status, by: pid)
            else { continue }
            self.pid = pid
            let comm = try? contents(ofFile: "/proc/\(pid)/comm")
            name = comm.map { String(decoding: $0.dropLast(), as: UTF8.self) } ?? "?"
            return
        }
        return nil
    }

    /// True also where that cannot be seen: another user's process.
    private static func isOpen(folder: stat, by pid: Int) -> Bool {
        guard let directory = opendir("/proc/\(pid)/fd") else { return true }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            var status = stat()
            guard stat("/proc/\(pid)/fd/\(name)", &status) == 0 else { continue }
            if status.st_ino == folder.st_ino, status.st_dev == folder.st_dev { return true }
        }
        return false
    }
}
