// SPDX-License-Identifier: Apache-2.0
// The root of the command line, and the exit codes of all commands.
import ArgumentParser

struct ControlCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qos2ctl",
        abstract: "Looks after a broker and its store.",
        subcommands: [FsckCommand.self],
        helpNames: .long)
}

enum Exit {
    static let damaged: Int32 = 2
    static let noInput: Int32 = 66
    static let disk: Int32 = 74
}
