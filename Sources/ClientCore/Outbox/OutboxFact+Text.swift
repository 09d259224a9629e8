// SPDX-License-Identifier: Apache-2.0
//
// A publisher's records in words, for people who look into an outbox.
import Journal
import MQTT

extension OutboxFact {
    /// `sent`, `message 4  packet 7`; nil for a record that is not an outbox's.
    package static func words(
        _ record: Record, _ bytes: Span<UInt8>
    ) -> (name: String, text: String)? {
        guard let kind = OutboxRecordKind(rawValue: record.kind),
            let fact = OutboxFact(kind, bytes, record.content)
        else { return nil }
        return ("\(kind)", fact.text)
    }

    private var text: String {
        switch self {
        case .enqueued(let number, let message):
            "message \(number.rawValue)  label \(message.label.escaped)"
                + "  qos \(message.qos.rawValue)  \(message.payload.count) B"
        case .sent(let number, let id): "message \(number.rawValue)  packet \(id)"
        case .acknowledged(let id): "packet \(id)"
        case .completed(let id, let reason, _): "packet \(id)  \(reason.name)"
        case .returned(let id, let reason): "packet \(id)  \(reason.name)"
        case .removed(let number, let why): "message \(number.rawValue)  \(why)"
        case .sessionLost, .sessionBegun: ""
        case .noted(let note): "\(note.count) B"
        case .numbered(let number), .damaged(let number): "next \(number.rawValue)"
        case .flying(let number, let id, let flow):
            "message \(number.rawValue)  packet \(id)  \(flow)"
        case .delivered(let number, let at): "message \(number.rawValue)  at \(at.nanoseconds)"
        }
    }
}
