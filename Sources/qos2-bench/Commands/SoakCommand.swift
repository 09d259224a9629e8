// SPDX-License-Identifier: Apache-2.0
//
// The command that soaks: options in, three real programs in a folder of their own, verdict out.
import ArgumentParser
import MQTT
import Reactor

struct SoakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract:
            "Kills broker, publisher and subscriber under load, and verifies what came of it.",
        discussion: """
            Ends with 2 if a reading is missing, doubled, out of order or changed, if a program \
            ends that nobody killed, or if messages stay stuck. Then the folder is kept.
            """)

    @Option(
        help: "broker, publisher, subscriber, or all: each at random, now and then all at once.")
    var kill = SoakPlan.Victims.all

    @Option(help: "How many kills.")
    var kills = 100

    @Option(help: "How many cuts of a connection; without it, a fourth of the kills.")
    var cuts: Int?

    @Option(
        name: [.customShort("V"), .customLong("mqtt-version")],
        help: ArgumentHelp("3.1.1 or 5.", valueName: "VERSION"), transform: mqttVersion)
    var version = ProtocolVersion.v5

    @Option(help: "How many publishers.")
    var publishers = 1

    @Option(help: "Milliseconds between two readings of a publisher.")
    var interval = 3

    @Option(help: "Repeats the choices of another soak; where they hit, the machine decides.")
    var seed: UInt64?

    @Option(help: "Give up after so many seconds in which nothing came through.")
    var patience = 60

    @OptionGroup var place: PlaceOptions

    func validate() throws {
        guard kills >= 0, cuts ?? 0 >= 0 else {
            throw ValidationError("--kills and --cuts are 0 or more")
        }
        try atLeastOne("--publishers", publishers)
        try atLeastOne("--interval", interval)
        try atLeastOne("--patience", patience)
    }

    func run() throws {
        var plan = SoakPlan()
        plan.victims = kill
        plan.kills = kills
        plan.cuts = cuts ?? kills / 4
        plan.version = version
        plan.publishers = publishers
        plan.interval = .milliseconds(interval)
        plan.seed = seed ?? UInt64.random(in: 0..<1_000_000)
        plan.patience = .seconds(patience)
        plan.binaries = place.programs
        try place.perform("soak") { folder in
            plan.folder = folder
            let service = try SoakService(plan, try EventLoop())
            service.run()
            let report = SoakReport(plan, service)
            print(place.json ? report.json : report.lines.joined(separator: "\n"))
            return report.exitCode
        }
    }
}

extension SoakPlan.Victims: ExpressibleByArgument {}
