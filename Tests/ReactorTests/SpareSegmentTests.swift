// SPDX-License-Identifier: Apache-2.0
//
// The next segment is made while the last one fills: not sooner than need be, and in time. On a file
// system in memory, where zeros take no time of their own.

import Glibc
import Journal
import Testing

@testable import Reactor

@Suite struct SpareSegmentTests {
    private static let size = 4 * SpareSegment.pieceSize

    /// Of the four pieces, three are ahead of a segment that does not fill.
    private static var pauses: Duration {
        .microseconds(3 * SpareSegment.pausesMax * Int(SpareSegment.pause))
    }

    @Test func itIsThereWhenHalfOfTheOtherIsFull() {
        let piece = SpareSegment.pieceSize
        #expect(!SpareSegment.isAhead(piece, ofUse: 0))
        #expect(SpareSegment.isAhead(2 * piece, ofUse: 0))
        #expect(SpareSegment.isAhead(4 * piece, ofUse: piece))
        #expect(!SpareSegment.isAhead(4 * piece, ofUse: 2 * piece))
        #expect(!SpareSegment.isAhead(Self.size, ofUse: .max))
    }

    @Test func beforeThereIsOneInUseNobodyWaits() throws {
        let (isBlank, _) = try spare { _ in }
        #expect(isBlank)
    }

    /// No longer than so many pauses, and no less: usleep sleeps at least as long as it says.
    @Test func besideOneThatDoesNotFillZerosComeSlowly() throws {
        let (isBlank, took) = try spare { $0.noteUse(upTo: 0) }
        #expect(isBlank)
        #expect(took >= Self.pauses)
    }

    /// Its place is taken, and of what was there nothing is left.
    @Test func itIsMadeOfARetiredSegment() throws {
        let (isBlank, _) = try spare(of: Self.size) { _ in }
        #expect(isBlank)
    }

    @Test func oneOfAnotherSizeStays() throws {
        let (isBlank, _) = try spare(of: Self.size / 2) { _ in }
        #expect(isBlank)
    }

    /// Neither do its zeros come faster.
    @Test func aRetiredSegmentIsWipedAsSlowly() throws {
        let (_, took) = try spare(of: Self.size) { $0.noteUse(upTo: 0) }
        #expect(took >= Self.pauses)
    }

    /// The thread that makes checkpoints gives up what the one that makes spares may have taken meanwhile.
    @Test func whatHasGoneAlreadyIsRemovedWithoutAWord() throws {
        let place = try DiskInMemory()
        defer { place.remove() }
        try retire(Self.size, on: place.disk)
        for _ in 1...2 { try place.disk.remove("spare-0000000000000001-00000001") }
        #expect(try place.disk.names().isEmpty)
    }

    /// Whether zeros of the right number were made, and how long it took. Beside a retired segment, where its size is told.
    private func spare(
        of retired: Int? = nil, _ prepare: (SpareSegment) -> Void
    ) throws -> (isBlank: Bool, took: Duration) {
        let place = try DiskInMemory()
        defer { place.remove() }
        let disk = place.disk
        if let retired { try retire(retired, on: disk) }
        let spare = SpareSegment(disk: disk, size: Self.size)
        prepare(spare)
        let begin = monotonicNanoseconds()
        spare.prepare()
        while !spare.isReady, monotonicNanoseconds() - begin < 10_000_000_000 { usleep(100) }
        let took = Duration.nanoseconds(monotonicNanoseconds() - begin)
        let contents = try disk.contents(
            of: SpareSegment.name, from: 0, atMost: Self.size + 1)
        #expect(try disk.names().count == (retired == nil || retired == Self.size ? 1 : 2))
        return (contents.count == Self.size && contents.allSatisfy { $0 == 0 }, took)
    }

    /// A segment full of something, which is over.
    private func retire(_ size: Int, on disk: PosixDisk) throws {
        let name = SegmentHeader.name(firstBatch: 1, epoch: 1)
        try disk.create(name, size: size)
        try disk.write([UInt8](repeating: 0xff, count: size).span, to: name, at: 0)
        try RetiredSegments(of: size, on: disk).retire(name, keeping: 1)
    }
}
