// SPDX-License-Identifier: Apache-2.0
//
// Words for what the subscriber tells: one event, one line, with fields and a kind.
import ClientCore
import MQTT
import Reactor

final class Journalist {
    private let log: Log
    private let server: String
    private var sampling = HandshakeSampling()

    init(_ log: Log, server: String) {
        self.log = log
        self.server = server
    }

    func started(_ path: String, open: Int, client: String) {
        log.write(
            .notice,
            "database \(path.escaped) open, \(open) messages not released by broker \(server)",
            kind: LogKind.started, fields: [LogField("MQTT_CLIENT", client)])
    }

    func committed(_ report: CommitReport, _ outcomes: [Outcome], in time: Duration) {
        for outcome in outcomes {
            tell(outcome)
        }
        guard report.rows > 0, let first = report.first, let last = report.last else { return }
        let count = report.rows == 1 ? "1 row" : "\(report.rows) rows"
        var range = "seq \(last.seq)"
        if first.stream != last.stream {
            range = "\(first)…\(last)".escaped
        } else if report.rows > 1 {
            range = "seq \(first.seq)…\(last.seq)"
        }
        log.write(
            .information, "commit \(count)  \(range)  \(time.logText)", kind: LogKind.committed,
            fields: [
                LogField("MQTT_MESSAGE", last.description),
                LogField("MQTT_DURATION_USEC", String(time.wholeNanoseconds / 1000)),
            ])
    }

    private func tell(_ outcome: Outcome) {
        switch outcome {
        case .stored(let message, .gap(let expected)):
            write(
                .warning, "gap: expected \(expected), got \(message.seq)", LogKind.gap, message,
                .warning)
        case .stored(let message, .late):
            write(.notice, "late: \(message.seq) fills a gap", LogKind.late, message)
        case .stored(_, .first), .stored(_, .next):
            break
        case .repeated(let message):
            let what = message.map { "\($0.seq)" } ?? "of a rejected message"
            write(
                .information, "duplicate \(what) suppressed", LogKind.duplicate, message, .warning)
        case .rejected(let error):
            write(.warning, "rejected: \(error)".escaped, LogKind.rejected, nil, .failure)
        case .identifierConflict(let recorded, let arrived):
            write(
                .error,
                "fault: packet identifier of \(text(recorded)) came again with \(text(arrived)):"
                    + " kept in 'rejected'",
                LogKind.fault, arrived, .failure)
        case .duplicateRow(let message, let samePayload):
            let rest = samePayload ? "" : ", with another payload: kept in 'rejected'"
            write(
                .error, "fault: \(text(message)) came twice as two messages\(rest)", LogKind.fault,
                message, .failure)
        }
    }

    private func text(_ message: MessageID?) -> String {
        message?.description.escaped ?? "a rejected message"
    }

    /// The rows stay. What the broker sends under these identifiers from now on is new.
    func sessionForgotten(open: Int) {
        log.write(
            .warning, "broker \(server) has lost our session: \(open) open identifiers forgotten",
            kind: LogKind.sessionForgotten, tint: .warning)
    }

    func stopping() {
        log.write(.notice, "stopping", kind: LogKind.stopping)
    }

    func databaseFailed(_ error: DatabaseError) {
        log.write(.error, error.description, kind: LogKind.databaseFailed, tint: .failure)
    }

    func trouble(_ error: SystemError) {
        log.write(.error, error.description, kind: LogKind.trouble, tint: .failure)
    }

    func step(_ step: HandshakeStep, at now: Instant) {
        if let share = sampling.takeShare(at: now) {
            log.write(.information, share.text, kind: LogKind.share)
        }
        guard sampling.shows(step, at: now) else { return }
        log.write(
            .information, step.text, kind: ClientNote.stepKind, tint: step.tint,
            fields: step.fields.map { LogField($0.name, $0.value) })
    }

    func note(_ note: ClientNote) {
        log.write(
            note.severity.priority, note.text(server: server), kind: note.kind,
            tint: note.severity.tint, fields: note.fields.map { LogField($0.name, $0.value) })
    }

    private func write(
        _ priority: Priority, _ text: String, _ kind: String, _ message: MessageID?,
        _ tint: Tint = .plain
    ) {
        let fields = message.map { [LogField("MQTT_MESSAGE", $0.description)] } ?? []
        log.write(priority, text, kind: kind, tint: tint, fields: fields)
    }
}

extension Outcome {
    /// The message that arrived; nil if it named none.
    var message: MessageID? {
        switch self {
        case .stored(let message, _), .duplicateRow(let message, _): message
        case .repeated(let message), .identifierConflict(_, let message): message
        case .rejected: nil
        }
    }
}

extension HandshakeStep {
    fileprivate var tint: Tint {
        if isDuplicate || outcome == .repeated { return .warning }
        if case .refused = outcome { return .failure }
        return direction == .received ? .incoming : .outgoing
    }
}

extension Severity {
    fileprivate var priority: Priority {
        switch self {
        case .information: .information
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        }
    }

    fileprivate var tint: Tint {
        switch self {
        case .information, .notice: .plain
        case .warning: .warning
        case .error: .failure
        }
    }
}
