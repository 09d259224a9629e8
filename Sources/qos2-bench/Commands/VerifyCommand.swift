// SPDX-License-Identifier: Apache-2.0
//
// The command that proves: ledgers in, database in, verdict out.
import ArgumentParser
import Reactor

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Proves that every reading of the ledgers is in the database, once.",
        discussion: """
            'plc-publisher run --ledger FILE' writes a ledger. Ends with 2 if a reading is missing, \
            doubled, out of order, changed, or in no ledger; with 66 if there is nothing to read.
            """)

    @Option(
        help: ArgumentHelp(
            "The ledger of a publisher; may be given more than once.", valueName: "FILE"))
    var ledger: [String]

    @Option(help: ArgumentHelp("The database of the subscriber.", valueName: "FILE"))
    var database: String

    @Flag(help: "One JSON object in one line.")
    var json = false

    func validate() throws {
        guard !ledger.isEmpty else { throw ValidationError("--ledger FILE is needed") }
    }

    func run() throws {
        let verdict: Verdict
        do throws(InputError) {
            verdict = try Verification.verdict(ledgers: ledger, database: database)
        } catch {
            complain(error.description)
            throw ExitCode(Exit.noInput)
        }
        print(json ? verdict.json : verdict.lines.joined(separator: "\n"))
        guard verdict.isProved else { throw ExitCode(Exit.notProved) }
    }
}

extension Verdict {
    var lines: [String] {
        var lines = ["ledger \(readings) readings, database \(rows) rows"]
        lines.append(faults.map { "\($0.name) \($0.fault.count)" }.joined(separator: ", "))
        for (name, fault) in faults where fault.count > 0 {
            let more = fault.count > fault.examples.count ? ", …" : ""
            lines.append("  \(name): \(fault.examples.joined(separator: ", "))\(more)")
        }
        if unreadable > 0 { lines.append("unfinished lines in the ledger \(unreadable)") }
        return lines
    }

    var json: String {
        var object = JSONObject()
        object.put("readings", readings)
        object.put("rows", rows)
        for (name, fault) in faults { object.put(name, fault.count) }
        for (name, fault) in faults where fault.count > 0 {
            object.put("\(name)_first", fault.examples)
        }
        object.put("unfinished_lines", unreadable)
        object.put("proved", isProved)
        return object.text
    }
}
