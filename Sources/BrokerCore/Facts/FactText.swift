// SPDX-License-Identifier: Apache-2.0
// A broker's records in words, for people who look into a journal. What FactCoding writes is named
// here once more, without a state to put it into.
import Journal
import MQTT

package enum FactText {
    /// `accepted`, `message 4  session 0  packet 7`; nil for a kind that is not the broker's, or a
    /// content that is not of its kind.
    package static func words(
        _ record: Record, _ bytes: Span<UInt8>
    ) -> (name: String, text: String)? {
        guard let kind = FactKind(rawValue: record.kind) else { return nil }
        var reader = FactReader(at: 0, record.content)
        guard let text = try? text(kind, &reader, bytes) else { return nil }
        return ("\(kind)", text)
    }

    private static func text(
        _ kind: FactKind, _ reader: inout FactReader, _ bytes: Span<UInt8>
    ) throws(RecordError) -> String {
        switch kind {
        case .opened, .resumed: return try opening(&reader, bytes)
        case .closed:
            let session = try reader.word(bytes)
            return "session \(session)  at \(try reader.doubleWord(bytes))"
        case .expiryChanged: return try named(["session", "expiry"], &reader, bytes)
        case .ended, .sentOnce, .willForgotten: return try named(["session"], &reader, bytes)
        case .subscribed, .unsubscribed: return try subscription(&reader, bytes)
        case .stored: return try body(&reader, bytes)
        case .accepted: return try named(["message", "session", "packet"], &reader, bytes)
        case .released, .releasedToShares:
            return try named(["session", "packet", "receivers"], &reader, bytes)
        case .routed, .routedToShares:
            return try named(["message", "retains", "receivers"], &reader, bytes)
        case .sent, .acknowledged, .completed:
            return try named(["session", "packet"], &reader, bytes)
        case .dropped: return try named(["session", "reason"], &reader, bytes)
        case .retainedExpired: return try named(["message"], &reader, bytes)
        }
    }

    private static func named(
        _ names: [String], _ reader: inout FactReader, _ bytes: Span<UInt8>
    ) throws(RecordError) -> String {
        var parts: [String] = []
        for name in names {
            parts.append("\(name) \(try reader.word(bytes))")
        }
        return parts.joined(separator: "  ")
    }

    private static func opening(
        _ reader: inout FactReader, _ bytes: Span<UInt8>
    ) throws(RecordError) -> String {
        let session = try reader.word(bytes)
        let expiry = try reader.word(bytes)
        let will = try reader.word(bytes)
        _ = try named(["delay", "expires", "expiry", "connections"], &reader, bytes)
        let client = ClientID(bytes, reader.takeRest()).description.escaped
        let end = will == .max ? "" : "  will \(will)"
        return "session \(session)  client \(client)  expiry \(expiry)\(end)"
    }

    private static func subscription(
        _ reader: inout FactReader, _ bytes: Span<UInt8>
    ) throws(RecordError) -> String {
        let session = try reader.word(bytes)
        let options = try reader.word(bytes)
        let identifier = try reader.word(bytes)
        let filter = string(bytes, reader.takeRest())
        let owes = options & State.owesRetained == 0 ? "" : "  owes retained"
        let end = (identifier == 0 ? "" : "  identifier \(identifier)") + owes
        return "session \(session)  filter \(filter)  qos \(options & 3)\(end)"
    }

    private static func body(
        _ reader: inout FactReader, _ bytes: Span<UInt8>
    ) throws(RecordError) -> String {
        let place = try reader.word(bytes)
        let number = try reader.doubleWord(bytes)
        _ = try reader.doubleWord(bytes)
        let flags = try reader.word(bytes)
        let topicCount = Int(try reader.word(bytes))
        _ = try reader.word(bytes)
        let payloadCount = try reader.word(bytes)
        let start = reader.rest.lowerBound
        guard topicCount <= reader.rest.count else { throw .malformed(at: start) }
        let topic = string(bytes, start..<start + topicCount)
        let retain = flags & 4 == 0 ? "" : "  retain"
        return "message \(place)  number \(number)  qos \(flags & 3)\(retain)  topic \(topic)"
            + "  \(payloadCount) B"
    }

    private static func string(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        String(decoding: range.map { bytes[$0] }, as: UTF8.self).escaped
    }
}
