// SPDX-License-Identifier: Apache-2.0
//
// What the outbox remembers, and what is left of a plan after an earlier process: whatever happened
// in between, each row of a recording is taken once.
import ClientCore
import MQTT
import Testing

@testable import plc_publisher

@Suite struct BookmarkTests {
    private let fingerprint = Fingerprint(Array("a file".utf8))

    private func number(_ value: UInt64) -> MessageNumber { MessageNumber(rawValue: value) }

    @Test func itComesBackAsItWas() throws {
        for stream in ["plc-line1", "", "zwei\nZeilen ü"] {
            var mark = RecordingMark(fingerprint, count: 9)
            let plain = Bookmark(stream: stream)
            #expect(Bookmark(plain.bytes) == plain)
            let bookmark = Bookmark(stream: stream, recording: mark)
            #expect(Bookmark(bookmark.bytes) == bookmark)
            mark.begin(at: number(40))
            let begun = Bookmark(stream: stream, recording: mark)
            #expect(Bookmark(begun.bytes) == begun && begun != bookmark)
        }
        for text in ["", "plc-line1", "x\ny", "1-ff 2 3\ns", "1-ff 2 3 4 5\ns", "1 2 3 4\ns"] {
            #expect(Bookmark(Array(text.utf8)) == nil, "\(text)")
        }
    }

    @Test func filesThatDifferHaveOtherFingerprints() {
        #expect(Fingerprint([1, 2, 3]) == Fingerprint([1, 2, 3]))
        #expect(Fingerprint([1, 2, 3]) != Fingerprint([1, 3, 2]))
        #expect(Fingerprint([]) != Fingerprint([0]))
        #expect(Fingerprint([0]) != Fingerprint([0, 0]))
    }

    @Test func rowsFollowFromNumbers() {
        var mark = RecordingMark(fingerprint, count: 9)
        #expect(mark.rowsTaken(before: number(40)) == 0)
        mark.begin(at: number(40))
        #expect(mark.rowsTaken(before: number(40)) == 0)
        #expect(mark.rowsTaken(before: number(43)) == 3)
        // A crash, a new process: it begins again and nothing changes.
        mark.begin(at: number(43))
        #expect(mark.rowsTaken(before: number(43)) == 3)
        // Something else is published in between.
        mark.pause(at: number(45))
        #expect(mark.rowsTaken(before: number(70)) == 5)
        mark.begin(at: number(70))
        #expect(mark.rowsTaken(before: number(74)) == 9)
    }

    /// Numbers that are skipped are no rows.
    @Test func damageSkipsNumbersAndNoRows() throws {
        var outbox = Outbox()
        var mark = RecordingMark(fingerprint, count: 9)
        mark.begin(at: number(1))
        var bookmark = Bookmark(stream: "s", recording: mark)
        for value in 1...4 {
            outbox.apply(
                .enqueued(
                    number(UInt64(value)),
                    Reading(ts: "t", temperature: "1", pressure: "2").message(
                        topic: "t", stream: "s", seq: Int64(value), at: Instant(nanoseconds: 0))))
        }
        let fact = RecoveredOutbox.damage(to: &outbox, &bookmark, segments: 1)
        #expect(fact == .damaged(next: outbox.nextNumber))
        #expect(outbox.nextNumber > number(300_000) && outbox.count == 4)
        #expect(bookmark.recording?.rowsTaken(before: outbox.nextNumber) == 4)
    }

    @Test func anEndThatDoesNotMove() {
        #expect(End(count: nil, last: nil).remaining(from: number(5)) == nil)
        #expect(End(count: 7, last: nil).remaining(from: number(5)) == 7)
        #expect(End(count: nil, last: 7).remaining(from: number(5)) == 3)
        #expect(End(count: nil, last: 7).remaining(from: number(8)) == 0)
        #expect(End(count: nil, last: 7).remaining(from: number(80)) == 0)
    }
}

@Suite struct OutboxFolderTests {
    @Test func streamsThatShareAFolderHaveFoldersOfTheirOwn() {
        var seen: Set<String> = []
        for stream in ["plc-line1", "plc/line1", "..", "ü", "plc%2Fline1", "a b"] {
            let path = OutboxFolder.shared(of: stream)
            #expect(seen.insert(path).inserted)
            #expect(path.hasPrefix("./qos2-data/outbox-") && path.utf8.count { $0 == 47 } == 2)
        }
        #expect(OutboxFolder.shared(of: "plc-line1") == "./qos2-data/outbox-plc-line1")
        #expect(OutboxFolder.shared(of: "a/\u{1}") == "./qos2-data/outbox-a%2F%01")
    }
}
