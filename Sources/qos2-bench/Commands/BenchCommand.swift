// SPDX-License-Identifier: Apache-2.0
//
// The root of the command line, and what all commands have in common: exit codes and the loop.
import ArgumentParser
import Reactor

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qos2-bench",
        abstract: "Makes load, and proves that nothing was lost or doubled.",
        subcommands: [
            RunCommand.self, FillCommand.self, DrainCommand.self, VerifyCommand.self,
            SoakCommand.self,
        ],
        helpNames: .long)
}

/// The exit codes that all programs of this house share.
enum Exit {
    static let failed: Int32 = 1
    static let notProved: Int32 = 2
    static let noInput: Int32 = 66
    static let unreachable: Int32 = 69
}

/// A loop, or one line and the end.
func makeLoop() throws -> EventLoop {
    do throws(SystemError) {
        return try EventLoop()
    } catch {
        complain(error.description)
        throw ExitCode(Exit.failed)
    }
}
