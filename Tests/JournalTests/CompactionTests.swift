// SPDX-License-Identifier: Apache-2.0
// The folder stays small over many starts, and what is left of it gives the same state.
import Testing

@testable import Journal

@Suite struct CompactionTests {
    /// Counts records: as small as a state can be.
    private struct Count: ReplayedState {
        var count = 0

        mutating func batch(_ records: Span<UInt8>) throws(RecordError) {
            var at = 0
            while let record = try Record.read(records, at: at) {
                count += record.kind == 7 ? 1 : Int(records[record.content.lowerBound])
                at = record.content.upperBound
            }
        }

        func write(into journal: inout Journal) {
            let count = UInt8(count)
            journal.append(kind: 8, atMost: 1) { $0.append(count) }
        }
    }

    /// One process: it recovers, writes one record, folds what was complete when it came, and ends.
    private func live(on disk: LosingDisk) throws -> Int {
        var state = Count()
        let report = try Recovery.read(disk, into: &state)
        // The checkpoint of the process before holds all but what that wrote.
        if let newest = try Checkpoint.newest(of: report.segments, on: disk) {
            #expect(newest.segmentsHeld == report.segments.count - 1)
            #expect(newest.size > 0)
        } else {
            #expect(state.count < 2)
        }
        let home = SegmentHome(
            at: report.position, segmentSize: 4096, writer: DirectWriter(disk),
            sealed: report.segments, now: { 0 })
        var journal = Journal(home: home)
        journal.append(kind: 7, atMost: 1) { $0.append(1) }
        journal.submit()
        if !home.sealed.isEmpty {
            _ = try Checkpoint.write(folding: home.sealed, into: Count(), on: disk)
            let gone = try removeSuperseded(of: home, on: disk)
            #expect(gone.isSubset(of: home.sealed))
            home.forget(gone)
        }
        return state.count
    }

    /// A segment that one process folds is superseded only in the life of a later one.
    @Test func segmentsOfEarlierProcessesAreDeletedToo() throws {
        let disk = LosingDisk()
        for start in 0..<40 {
            #expect(try live(on: disk) == start)
            let names = try disk.names().sorted()
            #expect(names.count <= 6, "\(names)")
        }
    }

    /// A checkpoint of what a process had in memory ends its segment. It counts with what comes behind
    /// it, and alone where nothing came.
    @Test func aCheckpointOfTheLivingState() throws {
        let disk = LosingDisk()
        for start in 0..<20 {
            var state = Count()
            let report = try Recovery.read(disk, into: &state)
            #expect(state.count == 5 * start && !report.isDamaged)
            let endedWithCheckpoint = start.isMultiple(of: 2)
            #expect((report.tail == nil) == endedWithCheckpoint)
            let home = SegmentHome(
                at: report.position, segmentSize: 4096, writer: DirectWriter(disk),
                sealed: report.segments, tail: report.tail, now: { 0 })
            var journal = Journal(home: home)
            for step in 1...5 {
                journal.append(kind: 7, atMost: 1) { $0.append(1) }
                journal.submit()
                #expect(home.lastCommit == UInt64(step))
                state.count += 1
                let isFirst = step == 4 || step == 1 && report.tail == nil
                #expect(home.canSeal != isFirst, "the segment may be waiting for space")
                guard step == 3 || step == 5 && !endedWithCheckpoint else { continue }
                _ = try Checkpoint.write(home.seal(with: living(state)), to: disk)
                #expect(!home.canSeal)
                home.forget(try removeSuperseded(of: home, on: disk))
            }
            #expect(try disk.names().count <= 5)
        }
    }

    private func removeSuperseded(
        of home: SegmentHome, on disk: LosingDisk
    ) throws(DiskError) -> Set<String> {
        try Checkpoint.removeSuperseded(of: home.sealed, on: disk) { name throws(DiskError) in
            try disk.remove(name)
        }
    }

    private func living(_ state: Count) -> [[UInt8]] {
        let home = MemoryHome(keepsBatches: true)
        var journal = Journal(home: home)
        state.write(into: &journal)
        journal.submit()
        return home.batches
    }
}
