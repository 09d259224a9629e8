// SPDX-License-Identifier: Apache-2.0
// The root of the command line.
import ArgumentParser

struct ControlCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qos2ctl",
        abstract: "Looks after a broker and its store.",
        subcommands: [FsckCommand.self],
        helpNames: .long)
}
