// SPDX-License-Identifier: Apache-2.0
//
// The command that runs, and the process around the service: arguments, the database's folder, exit
// codes.
import ArgumentParser
import Glibc
import Reactor

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Subscribes, and stores every message.")

    @OptionGroup var location: DatabaseOption

    @Option(
        help: ArgumentHelp("The broker.", valueName: "HOST:PORT"),
        transform: { text in
            guard let place = HostPort(text, defaultPort: 1883) else {
                throw ValidationError("'\(text)' is not HOST:PORT; an IPv6 host is in brackets")
            }
            return place
        })
    var broker: HostPort?

    @Option(help: ArgumentHelp("The client identifier.", valueName: "ID"))
    var clientID: String?

    func run() throws {
        var configuration = try location.readConfiguration()
        if let broker { configuration.broker = broker }
        if let clientID { configuration.clientID = clientID }
        do {
            try Self.serve(configuration)
        } catch let error as StoreError {
            complain(error.description)
            throw ExitCode(error.exitCode)
        } catch let error as SystemError {
            complain(error.description)
            throw ExitCode(Exit.failed)
        }
    }

    private static func serve(_ configuration: Configuration) throws {
        if configuration.database == .standard { try makeFolder(of: configuration.database.path) }
        let loop = try EventLoop()
        let log = Log(program: "database-subscriber")
        let service = try SubscriberService(configuration, loop, log)
        service.start()
        loop.run()
        log.drain()
        loop.service = nil
        if service.hasFailed { throw ExitCode(Exit.disk) }
    }

    /// The standard folder is made where it is not there; any other must be.
    private static func makeFolder(of path: String) throws(SystemError) {
        guard let end = path.lastIndex(of: "/") else { return }
        let folder = String(path[..<end])
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
            throw SystemError(operation: "make folder", subject: folder)
        }
    }
}
