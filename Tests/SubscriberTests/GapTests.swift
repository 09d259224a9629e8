// SPDX-License-Identifier: Apache-2.0
//
// Sequence numbers: what is next, what is missing, what comes late, and that the counters always
// agree with the rows.
import Testing

@testable import database_subscriber

@Suite struct GapTests {
    let folder: Folder
    let store: Store

    init() throws {
        folder = try Folder()
        store = try folder.store()
    }

    private func continuity(_ seq: Int64, stream: String = "plc-line1") throws -> Continuity? {
        guard case .stored(_, let continuity) = try store.publish(nil, reading(seq, stream: stream))
        else {
            return nil
        }
        return continuity
    }

    private func stream(_ index: Int = 0) throws -> Status.Stream {
        try Status(of: Schema.openForReading(folder.file)).streams[index]
    }

    @Test func numbersFollowEachOther() throws {
        #expect(try continuity(1042) == .first)
        #expect(try continuity(1043) == .next)
        _ = try store.commit()
        #expect(try continuity(1044) == .next)
        _ = try store.commit()
        let stream = try stream()
        #expect(stream.range == 1042...1044)
        #expect((stream.rows, stream.gaps, stream.missing) == (3, 0, 0))
    }

    @Test func aGapIsSeenAndLaterFilled() throws {
        #expect(try continuity(1042) == .first)
        #expect(try continuity(1045) == .gap(expected: 1043))
        _ = try store.commit()
        #expect(try stream().missing == 2)
        #expect(try continuity(1044) == .late)
        #expect(try continuity(1046) == .next)
        _ = try store.commit()
        #expect(try stream().missing == 1)
        #expect(try continuity(1043) == .late)
        _ = try store.commit()
        #expect(try stream().missing == 0)
        // That there was one stays known.
        #expect(try stream().gaps == 1)
    }

    @Test func aGapIsSeenAcrossARestart() throws {
        _ = try continuity(1)
        _ = try store.commit()
        let restarted = try folder.store()
        #expect(
            try restarted.publish(1, seq: 3) == .stored(line1(3), .gap(expected: 2)))
    }

    @Test func streamsAreCountedApart() throws {
        #expect(try continuity(1, stream: "a") == .first)
        #expect(try continuity(9, stream: "b") == .first)
        #expect(try continuity(2, stream: "a") == .next)
        #expect(try continuity(11, stream: "b") == .gap(expected: 10))
        _ = try store.commit()
        #expect(try stream(0).missing == 0)
        #expect(try stream(1).missing == 1)
    }

    @Test func theEndsOfTheRangeDoNotOverflow() throws {
        #expect(try continuity(.max) == .first)
        #expect(try continuity(0) == .late)
        #expect(try continuity(.max - 1) == .late)
        _ = try store.commit()
        #expect(try stream().range == 0...Int64.max)
        #expect(try stream().missing == UInt64(Int64.max) - 2)
    }

    @Test func refusedAndRejectedMessagesDoNotMoveTheStream() throws {
        _ = try continuity(1)
        #expect(try continuity(1) == nil)
        _ = try store.publish(nil, #"{"stream":"plc-line1","seq":2}"#)
        _ = try store.commit()
        #expect(try stream().range == 1...1)
        #expect(try stream().rows == 1)
    }

    @Test func twoWritersOfOneStreamKeepOneCount() throws {
        let other = try folder.store(clientID: "other")
        for seq in stride(from: Int64(1), to: 100, by: 2) {
            _ = try store.publish(1, seq: seq)
            _ = try store.release(packetID: 1)
            _ = try store.commit()
            _ = try other.publish(1, seq: seq + 1)
            _ = try other.release(packetID: 1)
            _ = try other.commit()
        }
        let stream = try stream()
        #expect(stream.range == 1...100)
        #expect((stream.rows, stream.gaps, stream.missing) == (100, 0, 0))
    }

    @Test func theCountersAgreeWithTheRowsWhateverTheOrder() throws {
        for seed in UInt64(1)...20 {
            let folder = try Folder()
            let store = try folder.store()
            var random = Random(state: seed)
            for _ in 0..<200 {
                _ = try store.publish(nil, seq: Int64.random(in: 0..<100, using: &random))
                if Bool.random(using: &random) {
                    _ = try store.commit()
                }
            }
            _ = try store.commit()
            let counted = "SELECT min(seq), max(seq), count(*) FROM readings"
            let kept = "SELECT first_seq, last_seq, row_count FROM streams"
            #expect(
                try ask(folder.file, counted, columns: 3) == ask(folder.file, kept, columns: 3),
                "seed \(seed)")
        }
    }
}

/// SplitMix64: the same numbers from the same seed, everywhere.
struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
