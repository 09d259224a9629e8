// SPDX-License-Identifier: Apache-2.0
//
// The command line: arguments and configuration, and the process around the service. `-h` is the host
// in all programs of this house, so help is `--help` only.
import ArgumentParser
import Reactor

struct PublisherCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plc-publisher",
        abstract: "Reads a PLC and publishes every reading with QoS 2.",
        subcommands: [RunCommand.self, EmitCommand.self],
        helpNames: .long)
}

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Publishes readings of the simulated PLC, or of a recording.",
        discussion: """
            A replay carries the recorded values and their times unchanged, and ends when the \
            broker has all of them. Numbering begins with 1 at each start.
            """)

    @OptionGroup var place: PlaceOptions

    @Option(help: "Time between two readings, such as 500ms or 3s.", transform: duration)
    var interval: Duration?

    @Option(help: "End after so many readings have been delivered.")
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

    func validate() throws {
        try check(count: count, rate: rate)
        guard rate == nil || replay != nil else {
            throw ValidationError("--rate is for --replay; a simulated PLC has --interval")
        }
        guard replay == nil || (count == nil && seed == nil && interval == nil) else {
            throw ValidationError(
                "--replay publishes what the file has: no --count, --seed or --interval")
        }
    }

    func run() throws {
        var configuration = try place.read()
        if let interval { configuration.interval = interval }
        if let seed { configuration.seed = seed }
        if let rate { configuration.replayRate = rate }
        if let replay {
            try serve(configuration, .recorded(try recording(replay)))
        } else {
            try serve(configuration, .simulated(configuration, count: count))
        }
    }
}

struct EmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emit",
        abstract: "Publishes simulated readings at a rate and ends: for tests.")

    @OptionGroup var place: PlaceOptions

    @Option(help: "How many readings.")
    var count: Int

    @Option(help: "Readings per second.")
    var rate: Int

    @Option(help: "Make the readings repeatable.")
    var seed: UInt64?

    func validate() throws {
        try check(count: count, rate: rate)
    }

    func run() throws {
        var configuration = try place.read()
        if let seed { configuration.seed = seed }
        configuration.interval = .nanoseconds(1_000_000_000 / rate)
        try serve(configuration, .simulated(configuration, count: count))
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
        return configuration
    }
}

/// The exit codes that all programs of this house share.
enum Exit {
    static let failed: Int32 = 1
    static let configuration: Int32 = 78
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

private func recording(_ file: String) throws -> Recording {
    do {
        return try Recording(try contents(of: file), file: file)
    } catch {
        complain("\(error)")
        throw ExitCode(Exit.failed)
    }
}

private func serve(_ configuration: Configuration, _ source: Source) throws {
    let loop: EventLoop
    do throws(SystemError) {
        loop = try EventLoop()
    } catch {
        complain(error.description)
        throw ExitCode(Exit.failed)
    }
    let log = Log(program: "plc-publisher")
    let service = PublisherService(configuration, source, loop, log)
    service.start()
    loop.run()
    log.drain()
    loop.service = nil
    guard service.lost == 0 else { throw ExitCode(Exit.failed) }
}
