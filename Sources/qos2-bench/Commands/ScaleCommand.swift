// SPDX-License-Identifier: Apache-2.0
//
// The command that fills a broker of its own with subscriptions and retained messages. What it does
// is in `Scale`.
import ArgumentParser
import Reactor

struct ScaleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Holds many subscriptions and retained messages, and finds them after kill -9.",
        discussion: """
            Starts a broker in a folder of its own, tells what a subscription and a retained \
            message take and what a message costs among ten, a thousand and all subscriptions, \
            kills the broker twice, and ends with 2 if anything is missing, foreign or not flat. \
            Then tells what messages of ten busy clients cost alone, among many connections and \
            beside many messages that wait.
            """)

    @Option(help: "How many subscriptions; one session has half of them.")
    var subscriptions = 1_000_000

    @Option(help: "How many retained messages.")
    var retained = 1_000_000

    @Option(help: "Messages of one measurement among subscriptions.")
    var probes = 100_000

    @Option(help: "How many connections there are beside the busy ones.")
    var connections = 10_000

    @Option(help: "How many messages wait beside the busy clients'.")
    var queued = 1_000_000

    @Option(help: "How often each crowd is measured.")
    var rounds = 3

    @Option(
        help: ArgumentHelp(
            "By how many percent a message may cost more among many than among few; 0 for any.",
            valueName: "PERCENT"))
    var tolerance = 20

    @Option(help: "Give up after so many seconds without an answer.")
    var patience = 60

    @OptionGroup var place: PlaceOptions

    func validate() throws {
        guard subscriptions >= 20 else {
            throw ValidationError("--subscriptions \(subscriptions): at least 20")
        }
        try atLeastOne("--retained", retained)
        try atLeastOne("--probes", probes)
        try atLeastOne("--connections", connections)
        try atLeastOne("--queued", queued)
        try atLeastOne("--rounds", rounds)
        try atLeastOne("--patience", patience)
    }

    func run() throws {
        let plan = ScalePlan(
            subscriptions: subscriptions, retained: retained, probes: probes,
            connections: connections, queued: queued, rounds: rounds, patience: patience)
        _ = try? raiseDescriptorLimit()
        try place.perform("scale") { folder in
            let run = try ScaleRun(plan, binaries: place.programs, in: folder)
            try run.run()
            var report = run.report
            let crowds = CrowdRun(plan: plan, binaries: place.programs, folder: folder)
            report.crowds = try crowds.run { complain($0) }
            print(place.json ? report.json : report.lines.joined(separator: "\n"))
            let isFlat = tolerance == 0 || report.rise <= tolerance
            if !isFlat { complain("among many a message costs \(report.rise) % more") }
            return report.isExact && isFlat ? 0 : Exit.notProved
        }
    }
}
