// SPDX-License-Identifier: Apache-2.0
//
// What the outbox holds, whether its publisher runs or not: the folder is read beside it, and no lock
// is asked for.
import ArgumentParser
import ClientCore
import Journal
import MQTT
import Reactor

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows what the outbox holds.",
        discussion: "It may be asked at any time, also while the publisher runs.")

    @OptionGroup var place: PlaceOptions

    func run() throws {
        let configuration = try place.read()
        let folder = configuration.folderOfStatus
        guard isFile(folder) else {
            complain("no outbox in \(folder): this publisher has not run yet, or lies elsewhere")
            throw ExitCode(Exit.failed)
        }
        guard mayRead(folder: folder) else {
            complain("the outbox \(folder) is not yours to read: ask as its user, or as root")
            throw ExitCode(Exit.notAllowed)
        }
        do {
            let outbox: Outbox = try readStore(folder: folder)
            let status = OutboxStatus(outbox, in: folder, holder: FolderHolder(of: folder))
            for line in status.lines { print(line) }
        } catch {
            complain("the outbox \(folder) cannot be read: \(error)")
            throw ExitCode(Exit.disk)
        }
    }
}

extension Configuration {
    /// Whoever asks is mostly not the service, and so has not its state directory.
    fileprivate var folderOfStatus: String {
        let service = "/var/lib/qos2/publisher-\(instance)/outbox"
        let isService = outboxPath == nil && environment("STATE_DIRECTORY") == nil
        return isService && !isFile(outboxFolder) && isFile(service) ? service : outboxFolder
    }
}

/// An outbox in words.
struct OutboxStatus: ~Copyable {
    private let outbox: Outbox
    private let folder: String
    private let holder: FolderHolder?

    init(_ outbox: consuming Outbox, in folder: String, holder: FolderHolder?) {
        self.outbox = outbox
        self.folder = folder
        self.holder = holder
    }

    var lines: [String] {
        let bookmark = Bookmark(outbox.note)
        var lines = [
            "stream     \(bookmark?.stream.escaped ?? "none yet")",
            "state      \(holder.map { "running (pid \($0.pid))" } ?? "not running")",
            "outbox     \(outbox.count) readings, \(outbox.inFlightCount) of them on their way",
            "oldest     \(oldest)",
            "delivered  \(delivered(bookmark?.stream))",
            "next       \(outbox.nextNumber.rawValue)",
        ]
        if let recording = bookmark?.recording {
            let rows = recording.rowsTaken(before: outbox.nextNumber)
            lines.append("recording  \(rows) of \(recording.count) readings taken")
        }
        return lines + ["folder     \(folder)"]
    }

    private var oldest: String {
        guard let oldest = outbox.oldest else { return "none waits" }
        return "\(oldest.label.escaped), taken \(Timestamp.text(oldest.enqueuedAt))"
    }

    private func delivered(_ stream: String?) -> String {
        guard let last = outbox.lastDelivery else { return "none yet" }
        let name = "\(stream ?? "?")/\(last.number.rawValue)".escaped
        return "\(name), receipt of \(Timestamp.text(last.at))"
    }
}
