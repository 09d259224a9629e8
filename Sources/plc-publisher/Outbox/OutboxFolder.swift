// SPDX-License-Identifier: Apache-2.0
//
// Where the outbox lies when nobody says so, and how it is opened for one stream.
import ClientCore
import Journal
import MQTT
import Reactor

enum OutboxFolder {
    /// In the unit's state directory, which belongs to one instance; without one, in a folder that
    /// several publishers may share, so that it carries the stream's name.
    static func standard(of stream: String) -> String {
        environment("STATE_DIRECTORY").map { "\($0)/outbox" } ?? shared(of: stream)
    }

    static func shared(of stream: String) -> String {
        "./qos2-data/outbox-\(fileName(stream))"
    }

    /// Bytes that have a meaning in paths or are hard to see are written as %XX.
    private static func fileName(_ text: String) -> String {
        var name = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."):
                name.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                name += "%" + (digits.utf8.count < 2 ? "0" : "") + digits
            }
        }
        return name
    }
}

/// The outbox holds readings of another stream: published under this one's name, they could be
/// lost or doubled.
struct OutboxOfOtherStream: Error, CustomStringConvertible {
    let folder: String
    let stream: String
    let count: Int

    var description: String {
        "the outbox \(folder) belongs to stream \(stream.escaped) and holds \(count) readings of "
            + "it: give this stream another 'outbox_path', or set 'client_id' back"
    }
}

/// An outbox that was read from its folder, and its bookmark.
struct RecoveredOutbox: ~Copyable {
    let outbox: Outbox
    let bookmark: Bookmark
    let store: RecoveredStore
    /// What follows from damage; the engine has to make it durable.
    let damage: OutboxFact?

    /// More readings than fit into a segment.
    private static let readingsOfSegment: UInt64 = 1 << 18

    init(folder: String, stream: String) throws {
        var outbox = Outbox()
        let store = try RecoveredStore(folder: folder, into: &outbox)
        var bookmark = Bookmark(outbox.note) ?? Bookmark(stream: stream)
        let damage =
            store.report.isDamaged
            ? Self.damage(
                to: &outbox, &bookmark, segments: UInt64(store.report.setAside.count))
            : nil
        guard bookmark.stream == stream else {
            throw OutboxOfOtherStream(
                folder: folder, stream: bookmark.stream, count: outbox.count)
        }
        self.outbox = outbox
        self.bookmark = bookmark
        self.store = store
        self.damage = damage
    }

    /// Readings that are missing were numbered, and may be in the database: no number that one of
    /// them can have had is given again. The gap tells of the loss.
    static func damage(
        to outbox: inout Outbox, _ bookmark: inout Bookmark, segments: UInt64
    ) -> OutboxFact {
        let end = outbox.nextNumber
        bookmark.recording?.pause(at: end)
        // One more, for the segment whose end is missing.
        let skipped = min(segments + 1, 16) * readingsOfSegment
        let fact = OutboxFact.damaged(next: MessageNumber(rawValue: end.rawValue + skipped))
        outbox.apply(fact)
        return fact
    }
}
