// SPDX-License-Identifier: Apache-2.0
// When the next checkpoint is due: when it is worth its cost, and not before.
import Glibc
import Testing

@testable import Journal
@testable import Reactor

@Suite struct StoreCheckpointsTests {
    private static let segmentSize = 1 << 20

    /// The size of the checkpoints that are made, and are there at the start.
    private static let size = 10 * segmentSize

    private enum Before { case nothing, made, found }

    /// Nobody knows how large the state is: four segments are worth it.
    @Test func ofAnUnknownStateItIsDueAfterFourSegments() throws {
        #expect(try segmentsUntilDue(stateSize: nil) == 4)
    }

    @Test func ofASmallStateItIsDueAfterFourSegments() throws {
        #expect(try segmentsUntilDue(stateSize: Self.segmentSize) == 4)
    }

    /// A queue that only grows: its checkpoint would hold what the journal does.
    @Test func itIsDueWhenTheStoreIsTwiceAsLargeAsTheState() throws {
        #expect(try segmentsUntilDue(stateSize: 20 * Self.segmentSize) == 40)
    }

    /// The disk is short: whatever goes is welcome.
    @Test func onAShortDiskItIsDueAtOnce() throws {
        #expect(try segmentsUntilDue(stateSize: 20 * Self.segmentSize, isShortOfSpace: true) == 1)
    }

    /// Behind a checkpoint of ten segments, of a state that has since become larger, smaller or nothing.
    @Test(arguments: [(15, 20), (10, 10), (0, 10)])
    func theLastOneCounts(_ state: Int, _ segments: Int) throws {
        let stateSize = state * Self.segmentSize
        #expect(try segmentsUntilDue(after: .made, stateSize: stateSize) == segments)
        #expect(try segmentsUntilDue(after: .found, stateSize: stateSize) == segments)
    }

    /// What was small when it was wanted has grown: nobody is asked for it any more.
    @Test func whatHasGrownIsNotWanted() throws {
        try withCheckpoints(found: nil) { checkpoints, disk in
            for (state, isWanted) in [(1, true), (20, false), (1, true)] {
                _ = try checkpoints.advance(
                    home(4, disk), isShortOfSpace: false, stateSize: state * Self.segmentSize,
                    givesState: state == 1)
                #expect(checkpoints.wantsState == isWanted)
                #expect(!checkpoints.isRunning)
            }
        }
    }

    /// What the older of two checkpoints holds is over, and becomes what comes next.
    @Test func segmentsThatAreOverAreRetired() throws {
        let place = try DiskInMemory()
        defer { place.remove() }
        let disk = place.disk
        let segments = (1...5).map { SegmentHeader.name(firstBatch: $0, epoch: 1) }
        for segment in segments { try disk.create(segment, size: Self.segmentSize) }
        _ = try Self.makeCheckpoint(at: 3, on: disk)
        let work = CheckpointWork(
            disk: disk, segmentSize: Self.segmentSize, segments: segments, living: nil
        ) { _ throws(RecoveryError) in try Self.makeCheckpoint(at: 5, on: disk) }
        guard case .written(let superseded, _, _) = work.run() else {
            Issue.record("no checkpoint")
            return
        }
        #expect(superseded == Set(segments[..<2]))
        let retired = segments[..<2].map { $0.replacing("segment", with: "spare") }
        let left = try disk.names().filter { !Checkpoint.isCheckpoint($0) }
        #expect(left.sorted() == segments[2...] + retired)
        #expect(try RetiredSegments(of: Self.segmentSize, on: disk).count() == 2)
    }

    /// A quota may be used up while the file system has much that is free.
    @Test func whatIsRetiredIsGivenUpForTheNextAttempt() throws {
        let place = try DiskInMemory()
        defer { place.remove() }
        let disk = place.disk
        let retired = RetiredSegments(of: Self.segmentSize, on: disk)
        let segment = SegmentHeader.name(firstBatch: 1, epoch: 1)
        try disk.create(segment, size: Self.segmentSize)
        try retired.retire(segment, keeping: 1)
        let work = CheckpointWork(
            disk: disk, segmentSize: Self.segmentSize, segments: [], living: nil
        ) { _ throws(RecoveryError) in
            throw .disk(DiskError(operation: "write", reason: "quota exceeded", isFull: true))
        }
        guard case .failed(let reason) = work.run() else {
            Issue.record("a checkpoint")
            return
        }
        #expect(reason.contains("quota"))
        #expect(try disk.names().isEmpty)
    }

    /// How many segments have to be complete, behind the last checkpoint if there is one.
    private func segmentsUntilDue(
        after before: Before = .nothing, stateSize: Int?, isShortOfSpace: Bool = false
    ) throws -> Int? {
        let held = before == .nothing ? 0 : 4
        let found = NewestCheckpoint(size: Self.size, segmentsHeld: held)
        return try withCheckpoints(found: before == .found ? found : nil) { checkpoints, disk in
            if before == .made {
                _ = try checkpoints.advance(
                    home(held, disk), isShortOfSpace: false, stateSize: 0, givesState: false)
                try finish(&checkpoints, disk)
            }
            for count in 1...100 {
                _ = try checkpoints.advance(
                    home(held + count, disk), isShortOfSpace: isShortOfSpace,
                    stateSize: stateSize, givesState: false)
                if checkpoints.isRunning { return count }
            }
            return nil
        }
    }

    /// On a disk that is there as long as a checkpoint is made.
    private func withCheckpoints<Result>(
        found: NewestCheckpoint?, _ use: (inout StoreCheckpoints, PosixDisk) throws -> Result
    ) throws -> Result {
        let place = try DiskInMemory()
        defer { place.remove() }
        let disk = place.disk
        var checkpoints = StoreCheckpoints(disk, segmentSize: Self.segmentSize, newest: found) {
            _ throws(RecoveryError) in try Self.makeCheckpoint(at: 1, on: disk)
        }
        let result = try use(&checkpoints, disk)
        try finish(&checkpoints, disk)
        return result
    }

    /// Something of its name and size.
    private static func makeCheckpoint(
        at batch: UInt64, on disk: PosixDisk
    ) throws(RecoveryError) -> String {
        let position = SegmentHome.Position(epoch: 1, nextBatch: batch, previous: 0)
        let name = Checkpoint.name(position)
        do throws(DiskError) {
            try disk.create(name, size: size)
        } catch {
            throw .disk(error)
        }
        return name
    }

    private func finish(_ checkpoints: inout StoreCheckpoints, _ disk: PosixDisk) throws {
        while checkpoints.isRunning {
            usleep(100)
            _ = try checkpoints.advance(
                home(0, disk), isShortOfSpace: false, stateSize: 0, givesState: false)
        }
    }

    /// A journal with so many complete segments.
    private func home(_ count: Int, _ disk: PosixDisk) -> SegmentHome {
        SegmentHome(
            at: .start, segmentSize: Self.segmentSize, writer: NoWriter(),
            sealed: (0..<count).map { "segment-\($0)" }, checksum: disk.checksum, now: { 0 })
    }
}

/// Nothing is written here.
private final class NoWriter: BatchWriter {
    func write(
        _ bytes: Span<UInt8>, to segment: String, at offset: Int, number: UInt64
    ) -> Bool { false }

    func write(
        _ framing: LateFraming, to segment: String, at offset: Int, number: UInt64
    ) -> Bool { false }

    func begin(_ segment: String, header: [UInt8], size: Int) {}
}
