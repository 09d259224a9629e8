// SPDX-License-Identifier: Apache-2.0
// Verifies and prints a journal, a broker's or a publisher's: each file, what is missing, and what
// a start would make of it. Nothing is changed, and it may be asked while the owner runs.
import ArgumentParser
import BrokerCore
import ClientCore
import Glibc
import Journal
import Reactor

struct FsckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fsck",
        abstract: "Verifies a journal, and shows what is in it.",
        discussion: """
            Of a broker (its persistence_location) or of a publisher (its outbox_path). Nothing is \
            changed, and it may be asked while they run: then the last batch may be half written.

            Ends with 0 if the journal is sound; a torn end is, since nothing of it was \
            acknowledged. With 2 if something is damaged or missing, 66 if there is no such \
            folder, 74 if it cannot be read.
            """)

    @Argument(help: "The folder of the journal.")
    var folder: String

    @Flag(help: "Print every record, too.")
    var records = false

    func run() throws {
        guard access(folder, F_OK) == 0 else {
            complain("no such folder: \(folder)")
            throw ExitCode(Exit.noInput)
        }
        do {
            try inspect()
        } catch let error as RecoveryError {
            complain("the journal \(folder) cannot be read: \(error)")
            throw ExitCode(Exit.disk)
        } catch let error as DiskError {
            complain("the journal \(folder) cannot be read: \(error)")
            throw ExitCode(Exit.disk)
        }
    }

    private func inspect() throws {
        if let holder = FolderHolder(of: folder) {
            print("in use by \(holder): what it writes meanwhile is not shown")
        }
        let disk = try PosixDisk(reading: folder)
        var owner = JournalOwner.nobody
        let printsRecords = records
        let inspection = try Inspection(of: disk) { record, bytes, file, batch in
            owner = owner.with(record.kind)
            if printsRecords { print(RecordLine(record, bytes, file: file, batch: batch).text) }
        }
        for file in inspection.files { print(FileLine(file).text) }
        let state = owner.state(in: folder)
        print(state.text)
        guard !inspection.isDamaged, state.isWhole else {
            print("damaged: see above")
            throw ExitCode(Exit.notProved)
        }
        print("sound")
    }
}
