// SPDX-License-Identifier: Apache-2.0
//
// The command that fills a broker of its own with subscriptions and retained messages. What it does
// is in `Scale`.
import ArgumentParser
import Glibc
import Reactor

struct ScaleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Holds many subscriptions and retained messages, and finds them after kill -9.",
        discussion: """
            Starts a broker in a folder of its own, tells what a subscription and a retained \
            message take and what a message costs among ten, a thousand and all subscriptions, \
            kills the broker twice, and ends with 2 if anything is missing, foreign or not flat.
            """)

    @Option(help: "How many subscriptions; one session has half of them.")
    var subscriptions = 1_000_000

    @Option(help: "How many retained messages.")
    var retained = 1_000_000

    @Option(help: "Messages of one measurement.")
    var probes = 100_000

    @Option(
        help: ArgumentHelp(
            "By how many percent a message may cost more among all than among ten; 0 for any.",
            valueName: "PERCENT"))
    var tolerance = 20

    @Option(help: "Give up after so many seconds without an answer.")
    var patience = 60

    @Option(
        help: ArgumentHelp("The broker's program; beside this one if not given.", valueName: "FILE")
    )
    var broker: String?

    @Option(help: ArgumentHelp("Where everything happens; must not exist.", valueName: "FOLDER"))
    var folder: String?

    @Flag(help: "Keep the folder.")
    var keep = false

    @Flag(help: "One JSON object in one line.")
    var json = false

    func validate() throws {
        guard subscriptions >= 20 else {
            throw ValidationError("--subscriptions \(subscriptions): at least 20")
        }
        try atLeastOne("--retained", retained)
        try atLeastOne("--probes", probes)
        try atLeastOne("--patience", patience)
    }

    func run() throws {
        var plan = ScalePlan()
        plan.subscriptions = subscriptions
        plan.retained = retained
        plan.probes = probes
        plan.tolerance = tolerance
        plan.patience = patience
        plan.broker = broker ?? "\(folderOfThisProgram())/qos2-broker"
        plan.folder = folder ?? "/tmp/qos2-scale-\(getpid())"
        do {
            plan.port = try freePort()
            let run = try ScaleRun(plan)
            try run.run()
            print(json ? run.report.json : run.report.lines.joined(separator: "\n"))
            let isFlat = tolerance == 0 || run.report.rise <= tolerance
            if run.report.isExact, isFlat, !keep {
                removeFolder(plan.folder)
            } else {
                complain("everything is in \(plan.folder)")
            }
            if !isFlat {
                complain("among all subscriptions a message costs \(run.report.rise) % more")
            }
            guard run.report.isExact, isFlat else { throw ExitCode(Exit.notProved) }
        } catch let failure as LoadFailure {
            complain("\(failure); everything is in \(plan.folder)")
            throw ExitCode(failure.isUnreachable ? Exit.unreachable : Exit.failed)
        } catch let failure as SystemError {
            complain(failure.description)
            throw ExitCode(Exit.failed)
        }
    }
}
