// SPDX-License-Identifier: Apache-2.0
// When the next checkpoint is due: as soon as it makes the store smaller, and not before.
import Glibc
import Journal
import Testing

@testable import Reactor

@Suite struct StoreCheckpointsTests {
    private static let segmentSize = 1 << 20

    /// The size of the checkpoints that are made.
    private static let size = 10 * segmentSize

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
        #expect(try segmentsUntilDue(behindOne: true, stateSize: stateSize) == segments)
    }

    /// How many segments have to be complete, behind the last checkpoint if there is one.
    private func segmentsUntilDue(
        behindOne: Bool = false, stateSize: Int?, isShortOfSpace: Bool = false
    ) throws -> Int? {
        var template = Array("/dev/shm/checkpoints.XXXXXX\0".utf8CString)
        let folder = template.withUnsafeMutableBufferPointer {
            String(cString: mkdtemp($0.baseAddress!))
        }
        let disk = try PosixDisk(folder: folder)
        defer {
            for name in (try? disk.names()) ?? [] { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }
        var checkpoints = StoreCheckpoints(disk, segmentSize: Self.segmentSize) {
            _ throws(RecoveryError) in
            let name = Checkpoint.name(.start)
            do throws(DiskError) {
                try disk.create(name, size: Self.size)
            } catch {
                throw .disk(error)
            }
            return name
        }
        var first = 1
        if behindOne {
            repeat {
                _ = try checkpoints.advance(
                    home(4, disk), isShortOfSpace: false, stateSize: 0, givesState: false)
            } while checkpoints.isRunning
            first = 5
        }
        for count in first...100 {
            _ = try checkpoints.advance(
                home(count, disk), isShortOfSpace: isShortOfSpace, stateSize: stateSize,
                givesState: false)
            if checkpoints.isRunning { return count - first + 1 }
        }
        return nil
    }

    /// A journal with so many complete segments.
    private func home(_ count: Int, _ disk: PosixDisk) -> SegmentHome {
        SegmentHome(
            at: .start, segmentSize: Self.segmentSize, writer: NoWriter(),
            sealed: (1...count).map { "segment-\($0)" }, checksum: disk.checksum, now: { 0 })
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
