// SPDX-License-Identifier: Apache-2.0
//
// Where a command works that starts brokers, which programs it starts, and how it ends: the same for
// all of them.
import ArgumentParser
import Glibc
import Reactor

struct PlaceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The programs; without it, beside this one.", valueName: "FOLDER"))
    var binaries: String?

    @Option(help: ArgumentHelp("Where everything happens; must not exist.", valueName: "FOLDER"))
    var folder: String?

    @Flag(help: "Keep the folder.")
    var keep = false

    @Flag(help: "One JSON object in one line.")
    var json = false

    var programs: String { binaries ?? folderOfThisProgram() }

    /// Does the work in a folder that was made for it, and ends with what it returns. The folder stays
    /// where that is not 0, so that it can be seen why.
    func perform(_ name: String, _ work: (_ folder: String) throws -> Int32) throws {
        let place = folder ?? "/tmp/qos2-\(name)-\(getpid())"
        do throws(SystemError) {
            try makeFolder(place)
        } catch {
            complain(error.description)
            throw ExitCode(Exit.failed)
        }
        let code = try Self.code(of: work, in: place)
        if code == 0, !keep {
            removeFolder(place)
        } else {
            complain("everything is in \(place)")
        }
        guard code == 0 else { throw ExitCode(code) }
    }

    private static func code(
        of work: (_ folder: String) throws -> Int32, in folder: String
    ) throws -> Int32 {
        do {
            return try work(folder)
        } catch let failure as LoadFailure {
            complain(failure.description)
            return failure.isUnreachable ? Exit.unreachable : Exit.failed
        } catch let failure as SystemError {
            complain(failure.description)
            return Exit.failed
        }
    }
}
