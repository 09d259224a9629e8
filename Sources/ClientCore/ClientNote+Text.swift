// SPDX-License-Identifier: Apache-2.0
//
// The words of a client's notes, how serious each is, what the journal keeps beside it, and the UUID
// of its kind. The UUIDs are catalogued for `journalctl -x`: one is never given to another kind.
import MQTT

package enum Severity: Sendable {
    case information
    case notice
    case warning
    case error
}

extension ClientNote {
    /// One line about `server`.
    package func text(server: String) -> String {
        switch self {
        case .connected(let version, let resumed, let inFlight):
            "connected to broker \(server) \(version == .v5 ? "v5" : "v3.1.1")"
                + " session=\(resumed ? "resumed" : "new")"
                + (inFlight > 0 ? " (\(inFlight) in flight)" : "")
        case .unreachable(let why, let wait):
            "broker \(server) not reached: \(why); next attempt in \(wait.logText)"
        case .lost(let why, let wait):
            "connection to broker \(server) lost: \(why); next attempt in \(wait.logText)"
        case .refused(let reason, let text):
            "broker \(server) refuses the connection: \(reason.logText)\(Self.quoted(text))"
        case .dismissed(let reason, let text):
            "broker \(server) ends the connection: \(reason.logText)\(Self.quoted(text))"
        case .violated(let what):
            "broker \(server) breaks the protocol: \(what.escaped)"
        case .unanswered(let kind):
            "broker \(server) does not answer \(kind.name)"
        case .qosNotOffered(let qos):
            "broker \(server) takes no more than QoS \(qos.rawValue): not used"
        case .subscribed(let filter, let qos):
            "subscribed \(filter.escaped) qos=\(qos.rawValue)"
        case .subscriptionRefused(let filter, let reason, let wait):
            "subscription \(filter.escaped) refused: \(reason.logText);"
                + " next attempt in \(wait.logText)"
        case .sessionLost(let sentAgain, let inDoubt):
            Self.sessionLost(server, sentAgain, inDoubt)
        case .dropped(let label, let why):
            "DROPPED message=\(label.escaped): \(why.text)"
        case .publishRefused(let label, let reason, let wait):
            "message=\(label.escaped) refused: \(reason.logText);"
                + " next attempt in \(wait.logText)"
        case .disconnected:
            "disconnected from broker \(server)"
        case .abandoned(let count):
            "stopped with \(count) messages in the outbox"
        }
    }

    private static func sessionLost(
        _ server: String, _ sentAgain: Int, _ inDoubt: [String]
    ) -> String {
        var text = "broker \(server) has lost our session: \(sentAgain) messages are sent again"
        guard !inDoubt.isEmpty else { return text }
        text += ", \(inDoubt.count) in doubt: " + inDoubt.prefix(10).joined(separator: " ").escaped
        return inDoubt.count > 10 ? text + " …" : text
    }

    private static func quoted(_ text: String?) -> String {
        text.map { " (\($0.escaped))" } ?? ""
    }

    package var severity: Severity {
        switch self {
        case .subscribed: .information
        case .connected, .disconnected, .abandoned: .notice
        case .unreachable, .lost, .dismissed, .unanswered, .subscriptionRefused, .publishRefused:
            .warning
        case .sessionLost(_, let inDoubt): inDoubt.isEmpty ? .notice : .error
        case .dropped: .warning
        case .refused, .violated, .qosNotOffered: .error
        }
    }

    package var fields: [(name: String, value: String)] {
        switch self {
        case .refused(let reason, _), .dismissed(let reason, _):
            [(name: "MQTT_REASON", value: reason.logText)]
        case .subscribed(let filter, let qos):
            [
                (name: "MQTT_TOPIC", value: filter),
                (name: "MQTT_QOS", value: String(qos.rawValue)),
            ]
        case .subscriptionRefused(let filter, let reason, _):
            [
                (name: "MQTT_TOPIC", value: filter),
                (name: "MQTT_REASON", value: reason.logText),
            ]
        case .dropped(let label, let why):
            [
                (name: "MQTT_MESSAGE", value: label),
                (name: "MQTT_DROP_REASON", value: why.field),
            ]
        case .publishRefused(let label, let reason, _):
            [
                (name: "MQTT_MESSAGE", value: label),
                (name: "MQTT_REASON", value: reason.logText),
            ]
        case .connected, .unreachable, .lost, .violated, .unanswered, .qosNotOffered,
            .sessionLost, .disconnected, .abandoned:
            []
        }
    }

    /// The UUID of the kind of line.
    package var kind: String {
        switch self {
        case .connected: "c7014e6b-d195-465b-9028-be5561cc9b64"
        case .unreachable: "0d734e26-95da-446d-a472-c9084d000384"
        case .lost: "675d57fd-95d3-4a6d-8726-3f6e5a9d3063"
        case .refused: "c2f6093d-30e9-413d-a0ca-ecf730683beb"
        case .dismissed: "bee80139-adde-4518-958c-680d31dd2e0d"
        case .violated: "065357f7-310a-4cd7-a639-4a1d80e2765c"
        case .unanswered: "f28fd4d6-5aba-4fe4-b00f-f8d24f2fb113"
        case .qosNotOffered: "9fb3523d-f8b7-4a41-85d5-6e75567a57a1"
        case .subscribed: "5c73361f-f8aa-4558-a8b7-5902f3cac8aa"
        case .subscriptionRefused: "b79e68f4-1dee-416d-8ed4-ad9f02dfe549"
        case .sessionLost: "f9b16428-b42f-45c2-b319-ba874905685f"
        case .dropped: "2aa98bea-7ffa-4f5a-b678-7e9c313a7004"
        case .publishRefused: "263cf180-b837-4f7e-83ca-4e9f13ead5ef"
        case .disconnected: "b7bca52d-071b-4c7d-a7f6-c88c8a1ecd2b"
        case .abandoned: "3c5d6991-e249-4f85-9deb-00cc5c7c645d"
        }
    }

    /// The kind of a handshake's line, whatever its step.
    package static let stepKind = "46369a8f-e0a4-45f8-8241-6a4d3cac158a"
}

extension ClientNote.Drop {
    var text: String {
        switch self {
        case .overflow: "outbox full"
        case .tooLarge: "larger than the broker takes"
        case .refused(let reason): "refused for good: \(reason.logText)"
        }
    }

    var field: String {
        switch self {
        case .overflow: "outbox-full"
        case .tooLarge: "too-large"
        case .refused: "refused"
        }
    }
}
