// SPDX-License-Identifier: Apache-2.0
//
// The command that puts brokers side by side: ours, Debian's mosquitto where it is installed, and
// any other by its command line.
import ArgumentParser
import Glibc
import Reactor

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Runs the same loads with several brokers in turn, and prints the medians.",
        discussion: """
            Loads: \(ComparedCase.all.map(\.name).joined(separator: ", ")). What is not in the \
            name: QoS 2, payloads of 64 bytes, sessions that end with their connections; durable \
            ones do not.
            """)

    @Option(
        help: ArgumentHelp(
            "One more broker; %p stands for the port, %d for its folder.",
            valueName: "NAME=COMMAND"))
    var broker: [String] = []

    @Option(help: "Only these loads; may be repeated.")
    var load: [String] = []

    @Option(help: "How often each load is run with each broker.")
    var rounds = 3

    @Option(help: "How long each run is measured.")
    var seconds = 3.0

    @Option(
        name: [.customShort("V"), .customLong("mqtt-version")],
        help: ArgumentHelp("3.1.1 or 5.", valueName: "VERSION"))
    var version = "3.1.1"

    @Option(help: ArgumentHelp("Our broker; without it, beside this one.", valueName: "FOLDER"))
    var binaries: String?

    @Option(help: ArgumentHelp("Debian's broker.", valueName: "FILE"))
    var mosquitto = "/usr/sbin/mosquitto"

    @Option(help: ArgumentHelp("Where the brokers keep their files.", valueName: "FOLDER"))
    var folder: String?

    func validate() throws {
        try atLeastOne("--rounds", rounds)
        guard (0.1...1000).contains(seconds) else {
            throw ValidationError("--seconds \(seconds): 0.1 to 1000")
        }
        _ = try mqttVersion(version)
        for text in broker where ComparedBroker(text) == nil {
            throw ValidationError("--broker \(text): NAME=COMMAND")
        }
        for name in load where !ComparedCase.all.contains(where: { $0.name == name }) {
            throw ValidationError("--load \(name): no such load")
        }
    }

    func run() throws {
        var brokers = [ComparedBroker.own(in: binaries ?? folderOfThisProgram())]
        if access(mosquitto, X_OK) == 0 { brokers.append(.mosquitto(mosquitto)) }
        brokers += broker.compactMap(ComparedBroker.init)
        let cases = ComparedCase.all.filter { load.isEmpty || load.contains($0.name) }
        _ = try? raiseDescriptorLimit()
        let place = folder ?? "/tmp/qos2-compare-\(getpid())"
        var comparison = Comparison(
            brokers, cases, rounds: rounds, seconds: seconds, version: version, folder: place,
            executable: fileOfThisProgram())
        do throws(SystemError) {
            try makeFolder(place)
            try comparison.run { complain($0) }
        } catch {
            complain(error.description)
            throw ExitCode(Exit.failed)
        }
        removeFolder(place)
        print(ComparisonTable(comparison).text, terminator: "")
        let hasFailed = comparison.figures.joined().contains { $0.failed > 0 }
        guard !hasFailed else { throw ExitCode(Exit.notProved) }
    }
}
