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

/// Bytes that the process has allocated on its heap.
package func heapBytes() -> Int { Int(cepoll_heap_bytes()) }

/// A variable of the environment; nil where it is not set or empty.
package func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
}
