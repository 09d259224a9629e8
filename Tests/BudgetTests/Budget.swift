// SPDX-License-Identifier: Apache-2.0
// What a message may cost on a path, kept in Budgets.txt: a line for the path, and below it the
// functions that were most of it when the line was written, so that what has grown can be named.
import Foundation

struct Budget: Equatable {
    /// A cost that has changed by more than this is worth words.
    static let tolerance = 0.05
    /// A function that takes less of a message is not listed.
    private static let listedPart = 0.01

    var path: Path
    var instructions: Double
    var allocations: Double
    var functions: [String: Double]

    init(of path: Path, _ profile: Profile) throws {
        self.path = path
        instructions = profile.total
        allocations = profile.allocations
        let least = instructions * Self.listedPart
        functions = try profile.demangled().instructions.filter { $0.value >= least }
    }
}

/// What the judge says of a path.
enum Verdict: Equatable {
    case kept
    /// It costs less than it may: the budget can be lowered.
    case generous(String)
    case exceeded(String)
}

extension Budget {
    func verdict(on spent: Budget) -> Verdict {
        let most = instructions * (1 + Self.tolerance)
        let mostAllocations = allocations * (1 + Self.tolerance) + path.strayAllocations
        let figures = """
            \(path.rawValue): \(figure(spent.instructions)) instructions and \
            \(figure(spent.allocations)) allocations a message; the budget is \
            \(figure(instructions)) and \(figure(allocations))
            """
        if spent.instructions > most || spent.allocations > mostAllocations {
            return .exceeded(([figures] + growth(to: spent)).joined(separator: "\n"))
        }
        let isLess = spent.instructions < instructions * (1 - Self.tolerance)
        return isLess ? .generous("\(figures): lower it") : .kept
    }

    /// The functions that have grown most, the worst first.
    private func growth(to spent: Budget) -> [String] {
        spent.functions.map { (name: $0.key, by: $0.value - (functions[$0.key] ?? 0)) }
            .filter { $0.by > 1 }.sorted { ($0.by, $0.name) > ($1.by, $1.name) }.prefix(8)
            .map { "    \(figure($0.by, sign: "+")) \($0.name)" }
    }
}

private func figure(_ number: Double, sign: String = "") -> String {
    sign + String(format: "%.2f", number)
}

/// Budgets.txt.
struct Budgets {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Budgets.txt")

    var budgets: [Budget] = []

    /// As it is written.
    init() throws {
        let text = try String(contentsOf: Self.file, encoding: .utf8)
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            if line.hasPrefix("    "), let cost = Double(words[0]), !budgets.isEmpty {
                let name = words.dropFirst().joined(separator: " ")
                budgets[budgets.count - 1].functions[name] = cost
            } else if words.count == 3, let path = Path(rawValue: String(words[0])),
                let instructions = Double(words[1]), let allocations = Double(words[2])
            {
                budgets.append(Budget(path, instructions, allocations))
            } else {
                throw ToolFailed(description: "Budgets.txt: '\(line)' cannot be read")
            }
        }
    }

    subscript(path: Path) -> Budget? {
        get { budgets.first { $0.path == path } }
        set {
            budgets.removeAll { $0.path == path }
            if let newValue { budgets.append(newValue) }
        }
    }

    func write() throws {
        var lines = [
            "# SPDX-License-Identifier: Apache-2.0",
            "# Instructions and allocations a message, and the functions that take most of them.",
            "# Tests/README.md says how these figures are renewed.",
        ]
        for path in Path.allCases {
            guard let budget = self[path] else { continue }
            lines.append(
                "\(path.rawValue) \(figure(budget.instructions)) \(figure(budget.allocations))")
            let most = budget.functions.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
            lines += most.map { "    \(figure($0.value)) \($0.key)" }
        }
        try (lines.joined(separator: "\n") + "\n")
            .write(to: Self.file, atomically: true, encoding: .utf8)
    }
}

extension Budget {
    fileprivate init(_ path: Path, _ instructions: Double, _ allocations: Double) {
        self.path = path
        self.instructions = instructions
        self.allocations = allocations
        functions = [:]
    }
}
