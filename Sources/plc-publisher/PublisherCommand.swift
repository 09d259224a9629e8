// SPDX-License-Identifier: Apache-2.0
//
// The command line: arguments and configuration. What is done with them is in Serving and
// StatusCommand.
// `-h` is the host in all programs of this house, so help is `--help` only.
import ArgumentParser
import Reactor

struct PublisherCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plc-publisher",
        abstract: "Reads a PLC and publishes every reading with QoS 2.",
        subcommands: [RunCommand.self, EmitCommand.self, StatusCommand.self],
        helpNames: .long)
}

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Publishes readings of the simulated PLC, or of a recording.",
        discussion: """
            A replay carries the recorded values and their times unchanged, and ends when the \
            broker has all of them; started again after a crash, it goes on where it was. Numbering \
            goes on behind what the outbox has ever held.
            """)

    @OptionGroup var place: PlaceOptions
    @OptionGroup var proof: ProofOptions

    @Option(help: "Time between two readings, such as 500ms or 3s.", transform: duration)
    var interval: Duration?

    @Option(help: "End after so many readings more have been delivered.")
    var count: Int?

    @Option(help: "Make the simulated readings repeatable.")
    var seed: UInt64?

    @Option(
        help: ArgumentHelp(
            "Publish the readings of a CSV file.",
            discussion: """
                Its header names the columns: ts, temperature, pressure; further columns become \
                further fields.
                """,
            valueName: "FILE.csv"))
    var replay: String?

    @Option(help: "Readings per second of a replay.")
    var rate: Int?

    @Flag(help: "Replay from the first reading, also what was published before.")
    var again = false

    func validate() throws {
        try check(count: count, rate: rate)
        guard !again || replay != nil else { throw ValidationError("--again is for --replay") }
        guard count == nil || proof.last == nil else {
            throw ValidationError("--count and --last are two ends: give one")
        }
        guard rate == nil || replay != nil else {
            throw ValidationError("--rate is for --replay; a simulated PLC has --interval")
        }
        guard
            replay == nil
                || (count == nil && seed == nil && interval == nil && proof.last == nil)
        else {
            throw ValidationError(
                "--replay publishes what the file has: no --count, --last, --seed or --interval")
        }
    }

    func run() throws {
        var configuration = try place.read()
        if let interval { configuration.interval = interval }
        if let seed { configuration.seed = seed }
        if let rate { configuration.replayRate = rate }
        if let replay {
            let (readings, fingerprint) = try recording(replay)
            try serve(configuration, .recording(readings, fingerprint, again: again), proof)
        } else {
            try serve(configuration, .simulator(End(count: count, last: proof.last)), proof)
        }
    }
}

struct EmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emit",
        abstract: "Publishes simulated readings at a rate and ends: for tests.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var proof: ProofOptions

    @Option(help: "How many readings; or --last.")
    var count: Int?

    @Option(help: "Readings per second.")
    var rate: Int

    @Option(help: "Make the readings repeatable.")
    var seed: UInt64?

    func validate() throws {
        try check(count: count, rate: rate)
        guard (count == nil) != (proof.last == nil) else {
            throw ValidationError("emit needs an end: --count or --last")
        }
    }

    func run() throws {
        var configuration = try place.read()
        if let seed { configuration.seed = seed }
        configuration.interval = .nanoseconds(1_000_000_000 / rate)
        try serve(configuration, .simulator(End(count: count, last: proof.last)), proof)
    }
}

/// What a proof of exactly once needs: an end that does not move, and a list of what was meant.
struct ProofOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "End when the stream's reading SEQ is delivered.",
            discussion: "Started again after a crash, it goes on until then.", valueName: "SEQ"))
    var last: Int?

    @Option(
        help: ArgumentHelp(
            "Append each reading to FILE before the outbox gets it.",
            discussion: "If a number comes twice, its last line counts.", valueName: "FILE"))
    var ledger: String?

    func validate() throws {
        if let last, last < 1 { throw ValidationError("--last \(last): numbers begin with 1") }
    }
}

/// Who publishes, and where to.
struct PlaceOptions: ParsableArguments {
    @Option(
        name: .customShort("c"),
        help: ArgumentHelp("Read the configuration from FILE.", valueName: "FILE"))
    var file: String?

    @Option(
        help: ArgumentHelp(
            "The name of this line: %i in the configuration.",
            discussion: "FILE-NAME.conf beside FILE.conf is read after it.", valueName: "NAME"))
    var instance: String?

    @Option(
        help: ArgumentHelp("The broker.", valueName: "HOST:PORT"),
        transform: { text in
            guard let place = HostPort(text, defaultPort: 1883) else {
                throw ValidationError("'\(text)' is not HOST:PORT; an IPv6 host is in brackets")
            }
            return place
        })
    var broker: HostPort?

    @Option(help: ArgumentHelp("The client identifier and stream.", valueName: "ID"))
    var clientID: String?

    @Option(
        help: ArgumentHelp(
            "The folder of the outbox.",
            discussion: """
                Without it: that of the configuration; without that, outbox in $STATE_DIRECTORY, or \
                ./qos2-data/outbox-ID.
                """, valueName: "FOLDER"))
    var outbox: String?

    /// The configuration of files and arguments; every error is told, then the command fails.
    func read() throws -> Configuration {
        let reader = ConfigurationReader(file: file, instance: instance)
        for notice in reader.notices {
            complain("notice: \(notice)")
        }
        guard reader.errors.isEmpty else {
            for error in reader.errors {
                complain(error.description)
            }
            throw ExitCode(Exit.configuration)
        }
        var configuration = reader.configuration
        if let broker { configuration.broker = broker }
        if let clientID { configuration.clientID = clientID }
        if let outbox { configuration.outboxPath = outbox }
        return configuration
    }
}

private func duration(_ text: String) throws -> Duration {
    guard let duration = SettingsEntry.duration(text, unit: .seconds(1)), duration > .zero else {
        throw ValidationError("'\(text)' is no duration such as 500ms or 3s")
    }
    return duration
}

private func check(count: Int?, rate: Int?) throws {
    if let count, count < 1 { throw ValidationError("--count \(count): at least one") }
    if let rate, !(1...1_000_000).contains(rate) {
        throw ValidationError("--rate \(rate): 1 to 1000000 readings per second")
    }
}

private func recording(_ file: String) throws -> (Recording, Fingerprint) {
    do {
        let bytes = try contents(of: file)
        return (try Recording(bytes, file: file), Fingerprint(bytes))
    } catch {
        complain("\(error)")
        throw ExitCode(Exit.failed)
    }
}
