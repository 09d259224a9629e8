// SPDX-License-Identifier: Apache-2.0
// What a program knows of its process, and its last resort for telling something.
import CEpoll
import Glibc

/// One line on stderr, for a program that has no log yet or no more: `PROGRAM: message`.
package func complain(_ message: String) {
    let program = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "?"
    let line = Array("\(program): \(message)\n".utf8)
    // If stderr is gone there is nobody left to tell.
    _ = Glibc.write(STDERR_FILENO, line, line.count)
}

/// Memory is freed without a pause, however many pieces it is in, and what stays free is bounded.
package func freeWithoutPauses() { cepoll_set_up_malloc() }

/// Resident bytes that no file stands behind; nil where the kernel does not say. `malloc` would walk
/// through everything that is free to tell what is not.
package func heapBytes() -> Int? {
    guard let bytes = try? contents(ofFile: "/proc/self/statm") else { return nil }
    let pages = String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { Int($0) }
    guard pages.count > 2 else { return nil }
    return (pages[1] - pages[2]) * sysconf(Int32(_SC_PAGESIZE))
}

/// A variable of the environment; nil where it is not set or empty.
package func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
}

/// Frees memory of so many bytes. Of a large piece the kernel takes every page by itself: that is done
/// beside the loop, so that nobody waits for it.
package func giveBack(_ memory: UnsafeMutableRawPointer?, _ size: Int) {
    guard size >= pausingSize, let memory else { return free(memory) }
    let address = Int(bitPattern: memory)
    do throws(SystemError) {
        try startThread { free(UnsafeMutableRawPointer(bitPattern: address)) }
    } catch {
        free(memory)
    }
}

/// Some milliseconds' worth of pages.
private let pausingSize = 16 << 20
