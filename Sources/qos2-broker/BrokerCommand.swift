// SPDX-License-Identifier: Apache-2.0
// The command line of the broker, and the process around the service: arguments, configuration,
// listeners, readiness, exit codes.
import ArgumentParser
import BrokerCore
import Journal
import MQTT
import Reactor

struct BrokerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qos2-broker",
        abstract: "An MQTT 3.1.1 and 5.0 broker whose QoS 2 is exactly once.",
        helpNames: .long)

    @Option(
        name: .customShort("c"),
        help: ArgumentHelp("Read the configuration from FILE.", valueName: "FILE"))
    var file: String?

    @Option(
        name: .customShort("p"),
        help: ArgumentHelp("Listen on PORT of the loopback addresses.", valueName: "PORT"))
    var port: UInt16?

    @Flag(name: .customShort("v"), help: "Log every packet of every handshake, and more.")
    var isVerbose = false

    @Flag(help: "Check the configuration, print every error in it, and end.")
    var check = false

    @Flag(help: "Print the configuration in force, and end.")
    var printConfig = false

    func run() throws {
        let (configuration, notices): (Configuration, [SettingsError])
        do throws(ConfigurationErrors) {
            (configuration, notices) = try readConfiguration()
        } catch {
            for error in error.all {
                complain(error.description)
            }
            throw ExitCode(Exit.configuration)
        }
        guard check || printConfig else { return try serve(configuration, notices) }
        for notice in notices {
            complain("notice: \(notice)")
        }
        if printConfig { print(configuration.text, terminator: "") }
    }

    /// The configuration of file and arguments, and what is to be said about it.
    private func readConfiguration() throws(ConfigurationErrors) -> (
        Configuration, [SettingsError]
    ) {
        var reader = ConfigurationReader()
        if let file { reader.read(file: file) }
        if let port { reader.listen(onPort: port) }
        if isVerbose { reader.beVerbose() }
        guard reader.errors.isEmpty else { throw ConfigurationErrors(all: reader.errors) }
        return (reader.configuration, reader.notices)
    }

    private func serve(_ configuration: Configuration, _ notices: [SettingsError]) throws {
        do {
            try run(configuration, notices)
        } catch let error as SystemError {
            complain(BrokerCommand.advice(on: error, configuration))
            throw ExitCode(error.isDenied ? Exit.notAllowed : Exit.failed)
        } catch let error as RecoveryError {
            complain("the store cannot be opened: \(error)")
            throw ExitCode(Exit.disk)
        } catch let error as DiskError {
            complain("the store failed, so nothing more can be acknowledged: \(error)")
            throw ExitCode(Exit.disk)
        }
    }

    private func run(_ configuration: Configuration, _ notices: [SettingsError]) throws {
        _ = try raiseDescriptorLimit()
        freeWithoutPauses()
        let loop = try EventLoop()
        let log = Log(
            program: "qos2-broker", to: try configuration.log.openDestinations(),
            priorities: configuration.log.types.priorities, time: configuration.log.timeStamp)
        for notice in notices { Journalist(log).notice(notice) }
        var random = SystemRandomNumberGenerator()
        let seed: UInt64 = random.next()
        var replay = Replay(seed: seed, memory: Self.bodyMemory(configuration))
        let store = try openStore(configuration, loop, log, into: &replay)
        let service = BrokerService(configuration, loop, log, store, replay, seed: seed)
        service.reload = { () throws(ConfigurationErrors) in try readConfiguration() }
        try service.start()
        loop.run()
        store.close()
        log.drain()
        if let failure = service.failure { throw failure }
    }

    private func openStore(
        _ configuration: Configuration, _ loop: EventLoop, _ log: Log, into replay: inout Replay
    ) throws -> Store {
        guard let folder = configuration.journalFolder else { return Store() }
        Readiness.status("recovering")
        let recovered = try RecoveredStore(folder: folder, into: &replay)
        Journalist(log).recovered(recovered, replay)
        return try Store(
            recovered, wakeup: try loop.addWakeup(tag: 0),
            makeState: { Replay(seed: 0, memory: Self.bodyMemory(configuration)) },
            now: { loop.startedAt + loop.now.nanoseconds })
    }

    /// Bodies that have no room in memory go to a file beside the journal.
    private static func bodyMemory(_ configuration: Configuration) -> BodyMemory {
        let shared = MappedExtents(of: BodyMemory.sharedSize)
        guard let folder = configuration.journalFolder else {
            return BodyMemory(shared: shared, discard: giveBack)
        }
        return BodyMemory(
            heapBytesMax: configuration.bodyMemoryMax, shared: shared,
            overflow: OverflowFile(folder: folder), discard: giveBack)
    }

    /// What failed, where, and what to do about it.
    private static func advice(on error: SystemError, _ configuration: Configuration) -> String {
        guard error.isAddressInUse else { return error.description }
        let listener = configuration.listeners.first { error.subject == $0.address.description }
        let line = listener.map { "change the line '\($0.line)'" } ?? "choose another port"
        let holder = PortHolder(of: error.subject).map { " (\($0))" } ?? ""
        return "\(error.subject) is in use\(holder): stop it, or \(line)"
    }
}

extension OverflowFile: ExtentSource {}
extension MappedExtents: ExtentSource {}
