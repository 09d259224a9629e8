// SPDX-License-Identifier: Apache-2.0
//
// Which database a command works on, and how a command ends that could not do its work: one line on
// stderr and the exit code of its cause.
import ArgumentParser
import Reactor

struct DatabaseOption: ParsableArguments {
    @Option(
        name: .customShort("c"),
        help: ArgumentHelp("Read the configuration from FILE.", valueName: "FILE"))
    var file: String?

    @Option(
        help: ArgumentHelp(
            "The database, as 'sqlite:PATH' or as a path.",
            discussion: """
                Without it: that of the configuration; without that, telemetry.db in \
                $STATE_DIRECTORY, or in ./qos2-data.
                """))
    var database: DatabaseLocation?

    /// The configuration of file and arguments; every error is told, then the command fails.
    func readConfiguration() throws -> Configuration {
        let reader = ConfigurationReader(file: file)
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
        if let database { configuration.database = database }
        return configuration
    }
}

/// `sqlite:/var/lib/qos2/telemetry.db`; the scheme may be left out.
struct DatabaseLocation: ExpressibleByArgument, Equatable, CustomStringConvertible {
    let path: String

    init(path: String) {
        self.path = path
    }

    /// Nil for an empty path and for kinds of databases that this program does not write to.
    init?(argument: String) {
        let scheme = "sqlite:"
        let path =
            argument.hasPrefix(scheme) ? String(argument.dropFirst(scheme.count)) : argument
        guard !path.isEmpty, !path.contains("://"), !path.utf8.contains(0) else {
            return nil
        }
        self.path = path
    }

    var description: String {
        "sqlite:\(path)"
    }

    static var standard: DatabaseLocation {
        let folder = environment("STATE_DIRECTORY") ?? "qos2-data"
        return DatabaseLocation(path: "\(folder)/telemetry.db")
    }
}

/// Runs a command's work and prints its lines, or says in one line why there are none.
func printLines(_ work: () throws(StoreError) -> [String]) throws {
    do {
        for line in try work() {
            print(line)
        }
    } catch {
        complain(error.description)
        throw ExitCode(error.exitCode)
    }
}
