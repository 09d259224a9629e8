// SPDX-License-Identifier: Apache-2.0
// Words for what the broker tells: one event, one line, with fields and a kind. Drops are told at
// once the first time and summed per minute after that.
import BrokerCore
import Journal
import MQTT
import Reactor

final class Journalist {
    private let log: Log
    /// Which lines about clients are written.
    var settings = LogSettings()
    /// By reason and client, since the last summary.
    private var drops: [DropKey: Int] = [:]

    /// What was last told of a full disk; nil while there is room.
    private var fullness: String?

    private struct DropKey: Hashable {
        let reason: DropReason
        let client: ClientID
    }

    init(_ log: Log) {
        self.log = log
    }

    func step(_ step: HandshakeStep) {
        log.write(
            .information, step.text, kind: LogKind.handshake, tint: step.tint,
            fields: step.fields.map { LogField($0.name, $0.value) })
    }

    func note(_ note: Note) {
        switch note {
        case .connected(let client, let peer, let version, let resumed, let inFlight, let waiting):
            connected(client, peer, version, resumed, inFlight, waiting)
        case .refused(let client, let peer, let reason, let detail):
            refused(client, peer, reason, detail)
        case .disconnected(let client, let departure, let willPublished):
            disconnected(client, departure, willPublished)
        case .sessionEnded(let client, let expired):
            let priority = expired ? Priority.information : .debug
            let why = expired ? "expired" : "ended"
            write(priority, "session of \(client.shown) \(why)", LogKind.sessionEnded, client)
        case .subscribed(let client, let filter, let qos):
            subscription(
                .subscribe, "subscribed \(filter.escaped) qos=\(qos.rawValue)",
                LogKind.subscribed, client, filter)
        case .unsubscribed(let client, let filter):
            subscription(
                .unsubscribe, "unsubscribed \(filter.escaped)", LogKind.unsubscribed, client,
                filter)
        case .subscriptionRefused(let client, let filter, let reason):
            write(
                .warning,
                "subscribe denied: client \(client.shown), filter \(filter.escaped), "
                    + reason.logText,
                LogKind.subscriptionRefused, client,
                [LogField("MQTT_TOPIC", filter), LogField("MQTT_REASON", reason.logText)])
        case .dropped(let reason, let client, let message, let count):
            dropped(reason, client, message, count)
        case .congested(let client, let receiver):
            write(
                .warning, "client \(client.shown) waits: the queue of \(receiver.shown) is full",
                LogKind.congested, client)
        }
    }

    /// These have types of their own and ask for no priority.
    private func subscription(
        _ type: LogSettings.Types, _ text: @autoclosure () -> String, _ kind: String,
        _ client: ClientID, _ filter: String
    ) {
        guard settings.types.contains(type) else { return }
        log.writeAlways(
            LogLine(
                .information, "client \(client.shown) \(text())", kind: kind,
                fields: [
                    LogField("MQTT_CLIENT", client.description), LogField("MQTT_TOPIC", filter),
                ]))
    }

    private func connected(
        _ client: ClientID, _ peer: String, _ version: ProtocolVersion, _ resumed: Bool,
        _ inFlight: Int, _ waiting: Int
    ) {
        guard settings.tellsConnections, log.shows(.information) else { return }
        let session = resumed ? "resumed (\(inFlight) in flight, \(waiting) queued)" : "new"
        let name = version == .v5 ? "v5" : "v3.1.1"
        write(
            .information,
            "client \(client.shown) connected from \(peer) \(name) session=\(session)",
            LogKind.connected, client, [LogField("MQTT_PEER", peer)])
    }

    private func refused(
        _ client: ClientID?, _ peer: String, _ reason: ReasonCode, _ detail: String
    ) {
        let name = client.map { " \($0.shown)" } ?? ""
        log.write(
            .warning, "client\(name) refused from \(peer): \(detail)", kind: LogKind.refused,
            tint: .failure,
            fields: [LogField("MQTT_PEER", peer), LogField("MQTT_REASON", reason.logText)])
    }

    private func disconnected(_ client: ClientID, _ departure: Departure, _ willPublished: Bool) {
        let will = willPublished ? ", will published" : ""
        let isViolation = if case .violated = departure { true } else { false }
        guard settings.tellsConnections || isViolation else { return }
        write(
            isViolation ? .warning : .information,
            "client \(client.shown) gone: \(departure.text)\(will)", LogKind.disconnected, client,
            tint: isViolation ? .failure : .plain)
    }

    private func dropped(
        _ reason: DropReason, _ client: ClientID, _ message: MessageLabel?, _ count: Int
    ) {
        let key = DropKey(reason: reason, client: client)
        guard let before = drops[key] else {
            drops[key] = 0
            tellDrop(reason, client, message, count)
            return
        }
        drops[key] = before + count
    }

    private func tellDrop(
        _ reason: DropReason, _ client: ClientID, _ message: MessageLabel?, _ count: Int
    ) {
        let what = message.map { "message=\($0.text.escaped)" } ?? "\(count) message(s)"
        write(
            .warning, "DROPPED \(what) for \(client.shown): \(reason.text)", LogKind.dropped,
            client,
            [LogField("MQTT_DROP_REASON", reason.text)]
                + (message.map { [LogField("MQTT_MESSAGE", $0.text)] } ?? []),
            tint: .failure)
    }

    /// Once a minute: what was dropped besides the first of each kind.
    func tellDrops() {
        let told = drops
        drops.removeAll()
        let sorted = told.sorted { left, right in
            left.key.client.bytes.lexicographicallyPrecedes(right.key.client.bytes)
        }
        for (key, count) in sorted where count > 0 {
            write(
                .warning,
                "DROPPED \(count) more for \(key.client.shown) in the last minute: "
                    + key.reason.text,
                LogKind.dropped, key.client, [LogField("MQTT_DROP_REASON", key.reason.text)],
                tint: .failure)
        }
    }

    /// What part of the handshakes the log shows, when it is not all.
    func share(seen: Int, shown: Int, in interval: Duration) {
        guard shown < seen else { return }
        let rate = seen / max(1, Int(interval.components.seconds))
        log.write(
            .information, "\(rate) handshakes/s, \(shown) of \(seen) shown",
            kind: LogKind.share)
    }

    func listening(on address: String) {
        log.write(.notice, "listening on \(address)", kind: LogKind.listening)
    }

    func notDurable() {
        log.write(
            .warning,
            "persistence is off: what is acknowledged does not survive the end of the broker",
            kind: LogKind.notDurable, tint: .warning)
    }

    func recovered(_ store: RecoveredStore, _ replay: borrowing Replay) {
        let report = store.report
        var text =
            "store recovered: \(replay.messageCount) messages, "
            + "\(replay.sessionCount) sessions"
        if report.tornBytes > 0 { text += ", tail cut at \(report.tornBytes) B" }
        log.write(.notice, "\(text), \(store.duration.logText)", kind: LogKind.recovered)
        if let name = report.damaged {
            log.write(
                .error,
                "store damaged: what \(name) held behind batch "
                    + "\(report.position.nextBatch - 1) is lost",
                kind: LogKind.damaged, tint: .failure)
        }
        for name in report.setAside {
            log.write(
                .error, "store damaged: \(name) is set aside as damaged-\(name)",
                kind: LogKind.damaged, tint: .failure)
        }
    }

    func checkpoint(_ outcome: CheckpointOutcome) {
        outcome.tell(log, growing: "the store", kind: LogKind.checkpoint)
    }

    /// Told when it changes.
    func isFull(_ new: String?) {
        guard new != fullness else { return }
        fullness = new
        log.write(
            new == nil ? .notice : .critical, new ?? "there is room again",
            kind: LogKind.storeFull, tint: new == nil ? .plain : .failure)
    }

    /// A key that has no effect, and why.
    func notice(_ notice: SettingsError) {
        log.write(.notice, notice.description, kind: LogKind.configured)
    }

    func admitsNobody() {
        log.write(
            .warning,
            "nobody may connect: 'allow_anonymous' is false, and there are no passwords yet",
            kind: LogKind.configured, tint: .warning)
    }

    /// `later`: what changes at the next start only.
    func reloaded(later: [String]) {
        let hint = later.isEmpty ? "" : "; at the next start: " + later.joined(separator: ", ")
        log.write(.notice, "configuration reloaded\(hint)", kind: LogKind.reloaded)
    }

    func reloadFailed(_ errors: [String]) {
        for error in errors {
            log.write(.error, error, kind: LogKind.reloaded, tint: .failure)
        }
        log.write(
            .error, "reload failed: the old configuration stays in force", kind: LogKind.reloaded,
            tint: .failure)
    }

    func stopping(connections: Int) {
        log.write(
            .notice, "stopping, \(connections) connection(s) to close", kind: LogKind.stopping)
    }

    func trouble(_ error: SystemError) {
        log.write(.error, error.description, kind: LogKind.trouble, tint: .failure)
    }

    private func write(
        _ priority: Priority, _ text: @autoclosure () -> String, _ kind: String,
        _ client: ClientID, _ fields: @autoclosure () -> [LogField] = [], tint: Tint = .plain
    ) {
        log.write(
            priority, text(), kind: kind, tint: tint,
            fields: [LogField("MQTT_CLIENT", client.description)] + fields())
    }
}

extension HandshakeStep {
    fileprivate var tint: Tint {
        if isDuplicate || outcome == .repeated { return .warning }
        if case .refused = outcome { return .failure }
        return direction == .received ? .incoming : .outgoing
    }
}

extension ClientID {
    /// As it may stand in a line.
    fileprivate var shown: String { description.escaped }
}

extension Departure {
    fileprivate var text: String {
        switch self {
        case .disconnected: "disconnected"
        case .connectionLost(let cause): cause
        case .keepAlive(let seconds): "keep-alive \(seconds) s expired"
        case .takenOver: "taken over by a new connection"
        case .violated(let detail): detail
        case .shutDown: "the broker stops"
        }
    }
}
