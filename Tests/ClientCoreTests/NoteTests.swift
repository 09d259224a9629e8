// SPDX-License-Identifier: Apache-2.0
//
// The words of notes: one line each, whatever a server says, and a kind of its own for each.
import MQTT
import Testing

@testable import ClientCore

@Suite struct NoteTests {
    private let notes: [ClientNote] = [
        .connected(.v5, resumed: true, inFlight: 3), .unreachable("refused", retryIn: .seconds(1)),
        .lost("reset", retryIn: .milliseconds(250)), .refused(.notAuthorized, "no\nentry"),
        .dismissed(.serverShuttingDown, nil), .violated("topic \u{1b}[2J"),
        .unanswered(.pingresp), .qosNotOffered(.atLeastOnce), .subscribed("a/#", .exactlyOnce),
        .subscriptionRefused("a\nb", .notAuthorized, retryIn: .seconds(5)),
        .sessionLost(sentAgain: 2, inDoubt: ["s/1", "s/2"]), .dropped("s/1", .overflow),
        .publishRefused("s/1", .quotaExceeded, retryIn: .seconds(5)), .disconnected,
        .abandoned(3),
    ]

    @Test func everyNoteIsOneLine() {
        for note in notes {
            let text = note.text(server: "h:1883")
            #expect(!text.isEmpty)
            let isClean = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
            #expect(isClean, "\(text)")
        }
    }

    @Test func everyKindHasItsOwnUUID() {
        let kinds = notes.map(\.kind) + [ClientNote.stepKind]
        #expect(Set(kinds).count == kinds.count)
        #expect(kinds.allSatisfy { $0.count == 36 })
    }

    @Test func wordsSayWhatAndWhatNext() {
        #expect(
            notes[0].text(server: "h:1883")
                == "connected to broker h:1883 v5 session=resumed (3 in flight)")
        #expect(
            notes[1].text(server: "h:1883")
                == "broker h:1883 not reached: refused; next attempt in 1.00 s")
        #expect(
            notes[10].text(server: "h:1883")
                == "broker h:1883 has lost our session: 2 messages are sent again, 2 in doubt: s/1 s/2"
        )
        #expect(notes[11].text(server: "h:1883") == "DROPPED message=s/1: outbox full")
    }
}
