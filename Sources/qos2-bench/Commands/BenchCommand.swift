// SPDX-License-Identifier: Apache-2.0
//
// The root of the command line, and what all commands have in common: the loop.
import ArgumentParser
import Glibc
import Reactor

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qos2-bench",
        abstract: "Makes load, and proves that nothing was lost or doubled.",
        subcommands: [
            RunCommand.self, FillCommand.self, DrainCommand.self, IdleCommand.self,
            ChurnCommand.self, CompareCommand.self, VerifyCommand.self, SoakCommand.self,
            ScaleCommand.self, PausesCommand.self,
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

/// This program's file, and the folder that it is in.
func fileOfThisProgram() -> String {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &path, path.count)
    return String(
        decoding: path.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

func folderOfThisProgram() -> String {
    let path = fileOfThisProgram()
    return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
}
