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

    @Option(help: ArgumentHelp("Debian's broker.", valueName: "FILE"))
    var mosquitto = "/usr/sbin/mosquitto"

    @OptionGroup var place: PlaceOptions

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
        var brokers = [ComparedBroker.own(in: place.programs)]
        if access(mosquitto, X_OK) == 0 { brokers.append(.mosquitto(mosquitto)) }
        brokers += broker.compactMap(ComparedBroker.init)
        let cases = ComparedCase.all.filter { load.isEmpty || load.contains($0.name) }
        _ = try? raiseDescriptorLimit()
        try place.perform("compare") { folder in
            var comparison = Comparison(
                brokers, cases, rounds: rounds, seconds: seconds, version: version, folder: folder)
            try comparison.run { complain($0) }
            let table = ComparisonTable(comparison)
            print(place.json ? table.json + "\n" : table.text, terminator: "")
            let hasFailed = comparison.figures.joined().contains { $0.failed > 0 }
            return hasFailed ? Exit.notProved : 0
        }
    }
}
