// SPDX-License-Identifier: Apache-2.0
//
// Where the lines of a program go: to journald with their fields, to a terminal with colours, as
// plain text, to syslog, or to several of them. Writing never blocks the loop: what cannot be
// written at once is kept (journald, syslog) or counted as lost, and the loss is told in a line of
// its own when there is room again.

import Glibc

package final class Log {
    package enum Destination: Equatable {
        /// journald where it reads our stderr, else stderr.
        case automatic
        case journal(path: String)
        /// The syslog of the machine, in the facility `local0` to `local7`; nil for `daemon`.
        case syslog(facility: Int?, path: String = "/dev/log")
        /// A descriptor that stays open: 1, 2, or one of a test.
        case descriptor(Int32)
        case file(LogFile)
        case none
    }

    package enum Coloring: String, Sendable {
        case automatic = "auto"
        case always
        case never
    }

    /// The time in front of a line.
    package enum TimeStamp: Equatable, Sendable {
        /// On a terminal and in files.
        case automatic
        case never
        /// `18:40:03.412`.
        case clock
        /// As strftime writes it.
        case format(String)
    }

    /// The kind of the line that tells of lost ones.
    package static let linesLostKind = "5b0b8f0e-3f0d-4f3a-9a0f-7d1d3c6e2a41"

    /// Lines of other priorities are not written.
    package var priorities: Priorities

    /// Gets every line that is written, beside the destinations. It must not write lines itself.
    package var listener: ((LogLine) -> Void)?

    private let program: String
    private let coloring: Coloring
    private let programColumn: String?
    private var sinks: [LogSink] = []
    private var linesLostBefore = 0
    /// Of the destinations that read the fields of a line there is one.
    private var hasFields = false

    /// `showsProgram`: nil asks the environment for `LOG_PROGRAM_NAME`, set where several programs
    /// share one terminal.
    package init(
        program: String, to destinations: [Destination], coloring: Coloring = .automatic,
        priorities: Priorities = .through(.information), time: TimeStamp = .automatic,
        showsProgram: Bool? = nil
    ) {
        self.program = program
        self.priorities = priorities
        self.coloring = coloring
        let namesProgram = showsProgram ?? LogSink.isSet("LOG_PROGRAM_NAME")
        programColumn = namesProgram ? program : nil
        redirect(to: destinations, time: time)
    }

    package convenience init(
        program: String, to destination: Destination = .automatic,
        coloring: Coloring = .automatic, showsProgram: Bool? = nil
    ) {
        self.init(
            program: program, to: [destination], coloring: coloring, showsProgram: showsProgram)
    }

    /// Lines go elsewhere from now on. What still waits for an old destination is lost.
    package func redirect(to destinations: [Destination], time: TimeStamp) {
        flush()
        linesLostBefore = linesLost
        sinks = destinations.compactMap { destination in
            LogSink(
                destination, program: program, programColumn: programColumn, coloring: coloring,
                time: time)
        }
        hasBacklog = false
        hasFields = sinks.contains { $0.readsFields }
    }

    /// The files that lines go to.
    package var files: [LogFile] { sinks.compactMap(\.file) }

    /// Goes on in new files where somebody has moved the old ones away, as logrotate does.
    package func reopenFiles() throws(SystemError) {
        for file in files { try file.reopen() }
    }

    /// Lines that nobody will see, since the beginning.
    package var linesLost: Int {
        linesLostBefore + sinks.reduce(0) { $0 + $1.linesLost }
    }

    /// Whether a line of this priority would be written; ask before making an expensive one.
    package func shows(_ priority: Priority) -> Bool {
        priorities.contains(priority) && isHeard
    }

    private var isHeard: Bool { !sinks.isEmpty || listener != nil }

    package func write(_ line: LogLine) {
        if priorities.contains(line.priority) { writeAlways(line) }
    }

    /// Also where lines of its priority are not written. The line is made only if somebody hears it.
    package func writeAlways(_ line: @autoclosure () -> LogLine) {
        guard isHeard else { return }
        let line = line()
        for sink in sinks { sink.write(line) }
        hasBacklog = sinks.contains { $0.hasBacklog }
        listener?(line)
    }

    /// Text is made only if the line is written, and fields only if somebody reads them there.
    package func write(
        _ priority: Priority, _ message: @autoclosure () -> String, kind: String = "",
        tint: Tint = .plain, fields: @autoclosure () -> [LogField] = []
    ) {
        guard shows(priority) else { return }
        let wanted = hasFields || listener != nil ? fields() : []
        writeAlways(LogLine(priority, message(), kind: kind, tint: tint, fields: wanted))
    }

    /// Whether lines wait that the loop should soon try to write again.
    package private(set) var hasBacklog = false

    /// Writes what waits, without blocking. The loop calls it where it has the log.
    package func flush() {
        for sink in sinks where sink.hasBacklog { sink.flush() }
        hasBacklog = sinks.contains { $0.hasBacklog }
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
}
