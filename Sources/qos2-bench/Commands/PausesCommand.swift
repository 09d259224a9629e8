// SPDX-License-Identifier: Apache-2.0
//
// The command that looks for pauses. What it does is in `Pauses`.
import ArgumentParser
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

    @Option(help: "How many get each message of a flood.")
    var subscribers = 1000

    @Option(help: "How many retained messages a subscription brings.")
    var retained = 100_000

    @Option(
        help: ArgumentHelp(
            "End with 2 if a turn of the loop was longer; 0 for any.", valueName: "MILLISECONDS"))
    var limit = 0.0

    @OptionGroup var place: PlaceOptions

    func validate() throws {
        guard (1.0...1000).contains(seconds) else {
            throw ValidationError("--seconds \(seconds): 1 to 1000")
        }
        try atLeastOne("--rate", rate)
        try atLeastOne("--connections", connections)
        try atLeastOne("--sessions", sessions)
        try atLeastOne("--subscribers", subscribers)
        try atLeastOne("--retained", retained)
    }

    func run() throws {
        let plan = PausesPlan(
            seconds: seconds, rate: rate, connections: connections, sessions: sessions,
            subscribers: subscribers, retained: retained)
        _ = try? raiseDescriptorLimit()
        try place.perform("pauses") { folder in
            var report = PausesReport()
            for disturbance in only.isEmpty ? Disturbance.allCases : only {
                complain("\(disturbance.rawValue), with \(rate) messages a second beside it")
                let run = PausesRun(plan: plan, binaries: place.programs, folder: folder)
                report.rows.append(try run.run(disturbance))
            }
            print(place.json ? report.json : report.lines.joined(separator: "\n"))
            return limit == 0 || report.longestTurn <= limit ? 0 : Exit.notProved
        }
    }
}

extension Disturbance: ExpressibleByArgument {}
