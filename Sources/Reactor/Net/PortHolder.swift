// SPDX-License-Identifier: Apache-2.0
// Who holds a port that could not be bound: read from /proc, for the one line that tells it. What
// cannot be read (another user's process) is simply not told.
import Glibc

package struct PortHolder: CustomStringConvertible {
    package let pid: Int
    package let name: String

    package var description: String { "pid \(pid), \(name)" }

    /// `address` as a failed bind names it: `127.0.0.1:1883`.
    package init?(of address: String) {
        guard let colon = address.lastIndex(of: ":"),
            let port = UInt16(address[address.index(after: colon)...]),
            let inode = Self.listeningInode(port), let pid = Self.owner(ofSocket: inode)
        else { return nil }
        self.pid = pid
        let comm = try? contents(ofFile: "/proc/\(pid)/comm")
        name = comm.map { String(decoding: $0.dropLast(), as: UTF8.self) } ?? "?"
    }

    /// The socket that listens on the port, from the kernel's tables of TCP sockets.
    private static func listeningInode(_ port: UInt16) -> String? {
        let digits = String(port, radix: 16, uppercase: true)
        let suffix = ":" + String(repeating: "0", count: 4 - digits.count) + digits
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            guard let bytes = try? contents(ofFile: table) else { continue }
            for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
                let columns = line.split(separator: " ")
                let isListening = columns.count > 9 && columns[3] == "0A"
                if isListening, columns[1].hasSuffix(suffix) { return String(columns[9]) }
            }
        }
        return nil
    }

    private static func owner(ofSocket inode: String) -> Int? {
        for pid in names(in: "/proc").compactMap({ Int($0) }) {
            let folder = "/proc/\(pid)/fd"
            for descriptor in names(in: folder)
            where target(of: "\(folder)/\(descriptor)") == "socket:[\(inode)]" {
                return pid
            }
        }
        return nil
    }

    private static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { name in
                    name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names
    }

    private static func target(of link: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = buffer.withUnsafeMutableBytes { bytes in
            readlink(link, bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }
}
