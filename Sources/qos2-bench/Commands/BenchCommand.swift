// SPDX-License-Identifier: Apache-2.0
//
// The root of the command line, and what all commands have in common: the loop.
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

/// A loop, or one line and the end.
func makeLoop() throws -> EventLoop {
    do throws(SystemError) {
        return try EventLoop()
    } catch {
        complain(error.description)
        throw ExitCode(Exit.failed)
    }
}
