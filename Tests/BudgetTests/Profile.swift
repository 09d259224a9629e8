// SPDX-License-Identifier: Apache-2.0
// What a message costs on one path, as callgrind counts it: two runs of different length, and their
// difference divided by the messages between them, so that what a run costs once is not in it.
import Foundation

/// Instructions by function and calls by callee, for each message.
struct Profile {
    private(set) var instructions: [String: Double] = [:]
    private(set) var calls: [String: Double] = [:]

    var total: Double { instructions.values.reduce(0, +) }

    /// Calls of what the heap's memory comes from, whoever asked for it.
    var allocations: Double {
        ["malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"]
            .reduce(0) { $0 + (calls[$1] ?? 0) }
    }

    init(instructions: [String: Double]) {
        self.instructions = instructions
    }

    /// `count` messages lie between the runs that left these files.
    init(from short: URL, to long: URL, _ count: Int) throws {
        let (before, after) = (try CallgrindFile(short), try CallgrindFile(long))
        for (name, cost) in after.instructions {
            instructions[name] = Double(cost - (before.instructions[name] ?? 0)) / Double(count)
        }
        for (name, number) in after.calls {
            calls[name] = Double(number - (before.calls[name] ?? 0)) / Double(count)
        }
    }

    /// Under the names that people gave, with what has the same name taken together.
    func demangled() throws -> Profile {
        let names = instructions.keys.sorted()
        let lines = try Tool.run(
            "swift", ["demangle", "--simplified"], input: names.joined(separator: "\n"))
        var named: [String: Double] = [:]
        for (name, line) in zip(names, lines.split(separator: "\n")) {
            named[String(line), default: 0] += instructions[name]!
        }
        return Profile(instructions: named)
    }
}

/// The sums of one file of callgrind, written without its abbreviations.
private struct CallgrindFile {
    var instructions: [String: Int] = [:]
    var calls: [String: Int] = [:]

    init(_ file: URL) throws {
        var caller = ""
        var callee = ""
        var number = 0
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("fn=") {
                caller = Self.name(line.dropFirst(3))
            } else if line.hasPrefix("cfn=") {
                callee = Self.name(line.dropFirst(4))
            } else if line.hasPrefix("calls=") {
                number = Int(line.dropFirst(6).prefix { $0 != " " })!
            } else if let cost = Self.cost(line) {
                // Behind `calls` comes what the calls cost: nothing, where nothing was counted.
                if number == 0 {
                    instructions[caller, default: 0] += cost
                } else if cost > 0 {
                    calls[callee, default: 0] += number
                }
                number = 0
            }
        }
    }

    /// Callgrind marks the deeper levels of a recursion.
    private static func name(_ text: Substring) -> String {
        String(text.prefix { $0 != "'" })
    }

    private static func cost(_ line: Substring) -> Int? {
        guard line.first?.isNumber == true else { return nil }
        let words = line.split(separator: " ")
        return words.count == 2 ? Int(words[1]) : nil
    }
}
