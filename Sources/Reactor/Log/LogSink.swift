// SPDX-License-Identifier: Apache-2.0
//
// One destination of log lines: the form that they have there, what waits, and what was lost. A
// destination that stands still costs its own lines and nobody else's.

import CEpoll
import Glibc

final class LogSink {
    private enum Form {
        case text
        case journal
        /// The number that syslog gives its facility.
        case syslog(facility: Int)
    }

    private(set) var linesLost = 0
    let file: LogFile?

    private let program: String
    private let form: Form
    private let text: LogText
    private var socket: DatagramSocket?
    private let descriptor: Int32
    private var lostAndNotTold = 0

    /// Lines have their fields here.
    var readsFields: Bool { if case .journal = form { true } else { false } }

    /// Nil for `.none`.
    init?(
        _ destination: Log.Destination, program: String, programColumn: String?,
        coloring: Log.Coloring, time: Log.TimeStamp
    ) {
        self.program = program
        var form = Form.text
        var file: LogFile?
        var isUnderJournal = false
        switch destination {
        case .none: return nil
        case .automatic:
            descriptor = STDERR_FILENO
            isUnderJournal = Self.journalReads(descriptor)
            socket = isUnderJournal ? try? DatagramSocket(path: DatagramSocket.journal) : nil
            if socket != nil { form = .journal }
        case .journal(let path):
            descriptor = STDERR_FILENO
            socket = try? DatagramSocket(path: path)
            if socket != nil { form = .journal }
        case .syslog(let facility, let path):
            descriptor = -1
            socket = try? DatagramSocket(path: path)
            form = .syslog(facility: facility.map { $0 + 16 } ?? 3)
        case .descriptor(let given): descriptor = given
        case .file(let given):
            descriptor = given.descriptor
            file = given
        }
        self.form = form
        self.file = file
        let isTerminal = isatty(descriptor) == 1
        text = LogText(
            time: Self.time(time, isWanted: isTerminal || file != nil),
            programColumn: programColumn, colors: Self.colors(coloring, isTerminal),
            showsPriority: isUnderJournal)
    }

    var hasBacklog: Bool { socket?.hasBacklog ?? false || lostAndNotTold > 0 }

    func write(_ line: LogLine) {
        tellLoss()
        if !put(line) {
            linesLost += 1
            lostAndNotTold += 1
        }
    }

    func flush() {
        socket?.flush()
        tellLoss()
    }

    /// Only once there is room again; before, it would take the place of the lines that still come.
    private func tellLoss() {
        guard lostAndNotTold > 0 else { return }
        socket?.flush()
        guard socket?.hasBacklog != true else { return }
        let count = lostAndNotTold
        let told = put(
            LogLine(
                .warning, "\(count) log lines lost: they came faster than they could be written",
                kind: Log.linesLostKind, tint: .warning,
                fields: [LogField("LOG_LINES_LOST", "\(count)")]))
        if told { lostAndNotTold = 0 }
    }

    private func put(_ line: LogLine) -> Bool {
        switch form {
        case .journal:
            return socket!.send(JournalDatagram(line, identifier: program).bytes)
        case .syslog(let facility):
            guard socket != nil else { return false }
            return socket!.send(
                SyslogDatagram(line, facility: facility, program: program).bytes)
        case .text:
            var bytes = text.bytes(of: line, at: text.time == nil ? 0 : wallClockNanoseconds())
            // A pipe takes up to this much whole or not at all, so lines of programs that share one
            // are never mixed, and one that poll calls writable has room for it.
            bytes = LogText.cut(bytes, to: Int(PIPE_BUF) - 1)
            bytes.append(UInt8(ascii: "\n"))
            return writeWithoutWaiting(bytes)
        }
    }

    /// The descriptor may be shared with others, who would be surprised by O_NONBLOCK: asked first,
    /// then written.
    private func writeWithoutWaiting(_ bytes: [UInt8]) -> Bool {
        var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&state, 1, 0) == 1, state.revents & Int16(POLLOUT) != 0 else { return false }
        return Glibc.write(descriptor, bytes, bytes.count) == bytes.count
    }

    private static func time(_ stamp: Log.TimeStamp, isWanted: Bool) -> LogText.Time? {
        switch stamp {
        case .automatic: isWanted ? .clock : nil
        case .never: nil
        case .clock: .clock
        case .format(let format): .format(format)
        }
    }

    private static func colors(_ coloring: Log.Coloring, _ isTerminal: Bool) -> Bool {
        switch coloring {
        case .always: true
        case .never: false
        case .automatic: isTerminal && !isSet("NO_COLOR")
        }
    }

    /// Present and not empty, as no-color.org wants it.
    static func isSet(_ variable: String) -> Bool {
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
