// SPDX-License-Identifier: Apache-2.0
//
// Where the lines of a program go: to journald with their fields, to a terminal with colours, or as
// plain text. Writing never blocks the loop: what cannot be written at once is kept (journald) or
// counted as lost, and the loss is told in a line of its own when there is room again.

import CEpoll
import Glibc

package final class Log {
    package enum Destination: Equatable, Sendable {
        /// journald where it reads our stderr, else stderr.
        case automatic
        case journal(path: String)
        /// A descriptor that stays open: 1, 2, or one of a test.
        case descriptor(Int32)
        case none
    }

    package enum Coloring: String, Sendable {
        case automatic = "auto"
        case always
        case never
    }

    /// The kind of the line that tells of lost ones.
    package static let linesLostKind = "5b0b8f0e-3f0d-4f3a-9a0f-7d1d3c6e2a41"

    /// Lines of a higher number are not written.
    package var threshold: Priority

    /// Lines that nobody will see, since the beginning.
    package private(set) var linesLost = 0

    private let program: String
    private var text: LogText
    private var journal: JournalSocket?
    private let descriptor: Int32
    private var lostAndNotTold = 0

    /// `showsTime`: nil puts the time in front on a terminal only. `showsProgram`: nil asks the
    /// environment for `LOG_PROGRAM_NAME`, set where several programs share one terminal.
    package init(
        program: String, to destination: Destination = .automatic,
        coloring: Coloring = .automatic, threshold: Priority = .information,
        showsTime: Bool? = nil, showsProgram: Bool? = nil
    ) {
        self.program = program
        self.threshold = threshold
        var underJournal = false
        switch destination {
        case .automatic:
            underJournal = Self.journalReads(2)
            journal = underJournal ? try? JournalSocket() : nil
            descriptor = 2
        case .journal(let path):
            journal = try? JournalSocket(path: path)
            descriptor = 2
        case .descriptor(let given): descriptor = given
        case .none: descriptor = -1
        }
        let isTerminal = descriptor >= 0 && isatty(descriptor) == 1
        let namesProgram = showsProgram ?? Self.isSet("LOG_PROGRAM_NAME")
        text = LogText(
            showsTime: showsTime ?? isTerminal, programColumn: namesProgram ? program : nil,
            colors: Self.colors(coloring, isTerminal), showsPriority: underJournal)
    }

    /// Whether a line of this priority would be written; ask before making an expensive one.
    package func shows(_ priority: Priority) -> Bool {
        priority <= threshold && (descriptor >= 0 || journal != nil)
    }

    package func write(_ line: LogLine) {
        guard shows(line.priority) else { return }
        tellLoss()
        if !put(line) {
            linesLost += 1
            lostAndNotTold += 1
        }
    }

    package func write(
        _ priority: Priority, _ message: String, kind: String = "", tint: Tint = .plain,
        fields: [LogField] = []
    ) {
        write(LogLine(priority, message, kind: kind, tint: tint, fields: fields))
    }

    /// Whether lines wait that the loop should soon try to write again.
    package var hasBacklog: Bool { journal?.hasBacklog ?? false || lostAndNotTold > 0 }

    /// Writes what waits, without blocking. The loop calls it where it has the log.
    package func flush() {
        guard hasBacklog else { return }
        journal?.flush()
        tellLoss()
    }

    /// Gives what waits some time to be written: for the end of a program, never in a loop.
    package func drain(within limit: Duration = .milliseconds(200)) {
        let end = monotonicNanoseconds() + limit.nanoseconds
        flush()
        while hasBacklog, monotonicNanoseconds() < end {
            usleep(5_000)
            flush()
        }
    }

    /// Only once there is room again; before, it would take the place of the lines that still come.
    private func tellLoss() {
        guard lostAndNotTold > 0 else { return }
        journal?.flush()
        guard journal?.hasBacklog != true else { return }
        let count = lostAndNotTold
        let told = put(
            LogLine(
                .warning, "\(count) log lines lost: they came faster than they could be written",
                kind: Self.linesLostKind, tint: .warning,
                fields: [LogField("LOG_LINES_LOST", "\(count)")]))
        if told { lostAndNotTold = 0 }
    }

    private func put(_ line: LogLine) -> Bool {
        if journal != nil {
            return journal!.send(JournalDatagram(line, identifier: program).bytes)
        }
        var bytes = text.bytes(of: line, at: text.showsTime ? wallClockNanoseconds() : 0)
        // A pipe takes up to this much whole or not at all, so lines of programs that share one
        // are never mixed, and one that poll calls writable has room for it.
        bytes = LogText.cut(bytes, to: Int(PIPE_BUF) - 1)
        bytes.append(UInt8(ascii: "\n"))
        return writeWithoutWaiting(bytes)
    }

    /// The descriptor may be shared with others, who would be surprised by O_NONBLOCK: asked first,
    /// then written.
    private func writeWithoutWaiting(_ bytes: [UInt8]) -> Bool {
        var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&state, 1, 0) == 1, state.revents & Int16(POLLOUT) != 0 else { return false }
        return Glibc.write(descriptor, bytes, bytes.count) == bytes.count
    }

    private static func colors(_ coloring: Coloring, _ isTerminal: Bool) -> Bool {
        switch coloring {
        case .always: true
        case .never: false
        case .automatic: isTerminal && !isSet("NO_COLOR")
        }
    }

    /// Present and not empty, as no-color.org wants it.
    private static func isSet(_ variable: String) -> Bool {
        getenv(variable).map { $0.pointee != 0 } ?? false
    }

    /// JOURNAL_STREAM names the device and inode of the stream that journald reads; a stderr that
    /// was redirected since is another.
    static func journalReads(
        _ descriptor: Int32, stream: String? = getenv("JOURNAL_STREAM").map { String(cString: $0) }
    ) -> Bool {
        guard let stream else { return false }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }
}
