// SPDX-License-Identifier: Apache-2.0
//
// Words for what the publisher tells: one event, one line, with fields and a kind.
import ClientCore
import Journal
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

    /// What the outbox held at the start. A new one has nothing to tell.
    func recovered(_ recovered: borrowing RecoveredOutbox) {
        let report = recovered.store.report
        let next = recovered.outbox.nextNumber.rawValue
        let cut = report.tornBytes
        if next > 1 || cut > 0 {
            let tail = cut > 0 ? ", tail cut at \(cut) B" : ""
            log.write(
                .notice,
                "outbox recovered: \(recovered.outbox.count) readings wait, the next is "
                    + "\(next)\(tail), \(recovered.store.duration.logText)",
                kind: LogKind.recovered)
        }
        if let name = report.damaged {
            log.write(
                .error,
                "outbox damaged: what \(name) held behind batch "
                    + "\(report.position.nextBatch - 1) is lost",
                kind: LogKind.damaged, tint: .failure)
        }
        for name in report.setAside {
            log.write(
                .error, "outbox damaged: \(name) is set aside as damaged-\(name)",
                kind: LogKind.damaged, tint: .failure)
        }
        if recovered.damage != nil {
            log.write(
                .error,
                "outbox damaged: readings may be missing, numbers go on with \(next)",
                kind: LogKind.damaged, tint: .failure)
        }
    }

    func started(stream: String, remaining: Int?, from seq: Int64) {
        let what = remaining.map { "\($0) readings" } ?? "readings"
        let place = seq > 1 ? ", from \(seq) on," : ""
        log.write(
            .notice, "publishing \(what) of \(stream.escaped)\(place) to broker \(server)",
            kind: LogKind.started, fields: [LogField("MQTT_CLIENT", stream)])
    }

    /// A recording of which some was published before.
    func recordingGoesOn(after rows: Int, of count: Int) {
        log.write(
            .notice,
            rows < count
                ? "the recording goes on behind its first \(rows) of \(count) readings"
                : "all \(count) readings of the recording were taken before; --again takes them anew",
            kind: LogKind.recordingGoesOn)
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

    /// `more`: how often it was so since this was told last.
    func samplingStopped(outbox: Int, more: Int) {
        let often = more > 0 ? "; \(more) times more since this was told last" : ""
        log.write(
            .warning,
            "outbox full (\(outbox) readings): no sampling until one is delivered\(often)",
            kind: LogKind.samplingStopped, tint: .failure)
    }

    func diskIsFull(outbox: Int) {
        log.write(
            .critical, "disk full: not sampling until there is room, outbox \(outbox)",
            kind: LogKind.diskFull, tint: .failure)
    }

    func samplingResumed(_ hold: PublisherService.Hold) {
        let what = hold == .diskFull ? "the disk" : "outbox"
        log.write(.notice, "\(what) has room: sampling again", kind: LogKind.samplingResumed)
    }

    func checkpoint(_ outcome: CheckpointOutcome) {
        outcome.tell(log, growing: "the outbox's folder", kind: LogKind.checkpoint)
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
