// SPDX-License-Identifier: Apache-2.0
//
// The command that looks for pauses. What it does is in `Pauses`.
import ArgumentParser
import Glibc
import Reactor

struct PausesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pauses",
        abstract: "Tells how long clients wait while others do something large or sudden.",
        discussion: """
            Runs a steady load, and each disturbance beside it, with brokers of its own in a folder \
            of its own: \(Disturbance.allCases.map(\.rawValue).joined(separator: ", ")). Tells how \
            long the steady load's messages took and the longest turn of the broker's loop.
            """)

    @Option(help: "Only these disturbances; may be repeated.")
    var only: [Disturbance] = []

    @Option(help: "How long each of them goes on.")
    var seconds = 8.0

    @Option(help: "Messages a second of the steady load.")
    var rate = 1000

    @Option(help: "How many connect and disconnect at once.")
    var connections = 10_000

    @Option(help: "How many sessions expire at once.")
    var sessions = 100_000

    @Option(
        help: ArgumentHelp(
            "End with 2 if a turn of the loop was longer; 0 for any.", valueName: "MILLISECONDS"))
    var limit = 0.0

    @Option(help: ArgumentHelp("The broker; without it, beside this one.", valueName: "FOLDER"))
    var binaries: String?

    @Option(help: ArgumentHelp("Where everything happens; must not exist.", valueName: "FOLDER"))
    var folder: String?

    func validate() throws {
        guard (1.0...1000).contains(seconds) else {
            throw ValidationError("--seconds \(seconds): 1 to 1000")
        }
        try atLeastOne("--rate", rate)
        try atLeastOne("--connections", connections)
        try atLeastOne("--sessions", sessions)
    }

    func run() throws {
        var plan = PausesPlan()
        if !only.isEmpty { plan.disturbances = only }
        plan.seconds = seconds
        plan.rate = rate
        plan.connections = connections
        plan.sessions = sessions
        plan.binaries = binaries ?? folderOfThisProgram()
        plan.folder = folder ?? "/tmp/qos2-pauses-\(getpid())"
        plan.executable = fileOfThisProgram()
        _ = try? raiseDescriptorLimit()
        do {
            let longest = try measure(plan)
            removeFolder(plan.folder)
            guard limit == 0 || longest <= limit else { throw ExitCode(Exit.notProved) }
        } catch let failure as LoadFailure {
            complain("\(failure); everything is in \(plan.folder)")
            throw ExitCode(Exit.failed)
        } catch let failure as SystemError {
            complain("\(failure); everything is in \(plan.folder)")
            throw ExitCode(Exit.failed)
        }
    }

    /// The longest turn of all, in milliseconds.
    private func measure(_ plan: PausesPlan) throws -> Double {
        try makeFolder(plan.folder)
        var longest = 0.0
        print("| disturbance | p50 ms | p99 ms | max ms | longest turn of the loop ms |")
        print("|---|---:|---:|---:|---:|")
        for disturbance in plan.disturbances {
            complain("\(disturbance.rawValue), with \(plan.rate) messages a second beside it")
            let row = try PausesRun(plan: plan).run(disturbance)
            let cells = [row.p50, row.p99, row.longest, row.turn].map { Decimals.text($0, 2) }
            print("| \(disturbance.rawValue) | \(cells.joined(separator: " | ")) |")
            longest = max(longest, row.turn)
        }
        return longest
    }
}

extension Disturbance: ExpressibleByArgument {}
