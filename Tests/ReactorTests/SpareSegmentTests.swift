// SPDX-License-Identifier: Apache-2.0
//
// The next segment is made while the last one fills: not sooner than need be, and in time. On a file
// system in memory, where zeros take no time of their own.

import Glibc
import Testing

@testable import Reactor

@Suite struct SpareSegmentTests {
    private static let size = 4 * SpareSegment.pieceSize

    @Test func itIsThereWhenHalfOfTheOtherIsFull() {
        let piece = SpareSegment.pieceSize
        #expect(!SpareSegment.isAhead(piece, ofUse: 0))
        #expect(SpareSegment.isAhead(2 * piece, ofUse: 0))
        #expect(SpareSegment.isAhead(4 * piece, ofUse: piece))
        #expect(!SpareSegment.isAhead(4 * piece, ofUse: 2 * piece))
        #expect(!SpareSegment.isAhead(Self.size, ofUse: .max))
    }

    @Test func beforeThereIsOneInUseNobodyWaits() throws {
        let (zeros, _) = try spare { _ in }
        #expect(zeros == [UInt8](repeating: 0, count: Self.size))
    }

    /// No longer than so many pauses, and no less: usleep sleeps at least as long as it says.
    @Test func besideOneThatDoesNotFillZerosComeSlowly() throws {
        let (zeros, took) = try spare { $0.noteUse(upTo: 0) }
        #expect(zeros == [UInt8](repeating: 0, count: Self.size))
        let piecesAhead = 3
        let pauses = piecesAhead * SpareSegment.pausesMax
        #expect(took >= .microseconds(pauses * Int(SpareSegment.pause)))
    }

    /// What was made, and how long it took.
    private func spare(
        _ prepare: (SpareSegment) -> Void
    ) throws -> (contents: [UInt8], took: Duration) {
        let place = try DiskInMemory()
        defer { place.remove() }
        let disk = place.disk
        let spare = SpareSegment(disk: disk, size: Self.size)
        prepare(spare)
        let begin = monotonicNanoseconds()
        spare.prepare()
        while !spare.isReady, monotonicNanoseconds() - begin < 10_000_000_000 { usleep(100) }
        let took = Duration.nanoseconds(monotonicNanoseconds() - begin)
        let contents = try disk.contents(
            of: SpareSegment.name, from: 0, atMost: Self.size + 1)
        return (contents, took)
    }
}
