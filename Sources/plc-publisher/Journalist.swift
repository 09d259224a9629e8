// SPDX-License-Identifier: Apache-2.0
//
// Words for what the publisher tells: one event, one line, with fields and a kind.
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

    func started(stream: String, remaining: Int?) {
        let what = remaining.map { "\($0) readings" } ?? "readings"
        log.write(
            .notice, "publishing \(what) of \(stream.escaped) to broker \(server)",
            kind: LogKind.started, fields: [LogField("MQTT_CLIENT", stream)])
        log.write(
            .warning,
            "the outbox is in memory: readings that wait do not survive the end of the process",
            kind: LogKind.notDurable, tint: .warning)
    }

    func sample(_ seq: Int64, _ reading: Reading, stream: String, outbox: Int) {
        log.write(
            .information,
            "sample \(seq)  \(reading.temperature) °C  \(reading.pressure) bar  outbox \(outbox)",
            kind: LogKind.sample,
            fields: [
                LogField("MQTT_MESSAGE", "\(stream)/\(seq)"), LogField("MQTT_CLIENT", stream),
            ])
    }

    func samplingStopped(outbox: Int) {
        log.write(
            .warning, "outbox full (\(outbox) readings): no sampling until one is delivered",
            kind: LogKind.samplingStopped, tint: .failure)
    }

    func samplingResumed() {
        log.write(.notice, "outbox has room: sampling again", kind: LogKind.samplingResumed)
    }

    func finished(last seq: Int64) {
        log.write(.notice, "all readings up to \(seq) are delivered", kind: LogKind.finished)
    }

    func stopping(outbox: Int) {
        log.write(.notice, "stopping, outbox \(outbox)", kind: LogKind.stopping)
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
