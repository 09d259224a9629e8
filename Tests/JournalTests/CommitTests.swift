// SPDX-License-Identifier: Apache-2.0
// A commit is there whole or not at all, wherever the disk stopped: in the middle of a batch,
// between two batches of one commit, or before the folder knew of the segment.
import Testing

@testable import Journal

@Suite struct CommitTests {
    private static let recordBytesMax = 64
    private static let segmentSize = 1024

    /// Runs a process on the disk until it ends or the disk fails. Returns how many commits it
    /// holds for durable.
    private func write(
        _ commits: [[[UInt8]]], to disk: LosingDisk, recordBytesMax: Int = Self.recordBytesMax
    ) -> Int {
        guard let report = try? recover(disk, recordBytesMax: recordBytesMax).report else {
            return 0
        }
        let writer = DirectWriter(disk)
        let home = SegmentHome(
            at: report.position, segmentSize: Self.segmentSize, writer: writer,
            sealed: report.segments, tail: report.tail, recordBytesMax: recordBytesMax,
            now: { 0 })
        var journal = Journal(home: home)
        for (index, commit) in commits.enumerated() {
            for record in commit {
                journal.append(kind: 7, atMost: record.count) { out in
                    for byte in record { out.append(byte) }
                }
            }
            journal.submit()
            if writer.failure != nil { return index }
        }
        return commits.count
    }

    private func recover(
        _ disk: LosingDisk, recordBytesMax: Int = Self.recordBytesMax
    ) throws -> (records: [[UInt8]], report: RecoveryReport) {
        var records: [[UInt8]] = []
        var recovery = Recovery(from: disk, recordBytesMax: recordBytesMax)
        let report = try recovery.run { bytes throws(RecordError) in
            var at = 0
            while let record = try Record.read(bytes, at: at) {
                records.append(record.content.map { bytes[$0] })
                at = record.content.upperBound
            }
        }
        return (records, report)
    }

    /// Commits of one to about five batches; `mark` is in each record.
    private func commits(
        _ count: Int, mark: UInt8, from random: inout SplitMix64
    ) -> [[[UInt8]]] {
        (0..<count).map { _ in
            (0...random.next() % 4).map { _ in
                let size = random.next() % 3 == 0 ? random.next() % 150 : random.next() % 20
                return [mark] + (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            }
        }
    }

    /// How many of `commits` make up `records`; nil if one of them is there in part.
    private func wholeCommits(_ records: [[UInt8]], of commits: [[[UInt8]]]) -> Int? {
        var count = 0
        var rest = records[...]
        while !rest.isEmpty {
            guard count < commits.count, rest.starts(with: commits[count]) else { return nil }
            rest = rest.dropFirst(commits[count].count)
            count += 1
        }
        return count
    }

    @Test func recordsLargerThanABatchAreCarriedOn() throws {
        let disk = LosingDisk()
        let sizes = [10, 70, 3, 180, 55, 56, 57, 64, 0, 5]
        let large = sizes.enumerated().map { number, size in
            [UInt8](repeating: UInt8(number), count: size)
        }
        for perCommit in [1, 3, 10] {
            let commits = stride(from: 0, to: large.count, by: perCommit).map {
                Array(large[$0..<min(large.count, $0 + perCommit)])
            }
            #expect(write(commits, to: disk) == commits.count)
        }
        #expect(try recover(disk).records == large + large + large)
    }

    @Test func aBatchIsFilledBeforeTheNextOneBegins() throws {
        let disk = LosingDisk()
        let record = [UInt8](repeating: 1, count: 600_000)
        #expect(write([[record]], to: disk, recordBytesMax: BatchHeader.recordBytesMax) == 1)
        let (records, report) = try recover(disk)
        #expect(records == [record])
        #expect(report.batches == 2)
    }

    /// Every call of the disk is once the last one before the power cut, and of what was not synced
    /// nothing, a part from the front, random bytes, or all is left.
    @Test(arguments: 0..<6)
    func everyPrefixOfTheHistoryHoldsWholeCommits(_ seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let before = commits(5, mark: 1, from: &random)
        let after = commits(3, mark: 2, from: &random)
        var partial = 0
        for keeping in Keeping.allCases {
            for call in 1...200 {
                let disk = LosingDisk()
                disk.failsAt = call
                let durable = write(before, to: disk)
                let isThrough = disk.calls < call
                disk.cutPower(keeping: keeping.rule(&random))
                let (found, report) = try recover(disk)
                let count = try #require(
                    wholeCommits(found, of: before), "call \(call), \(keeping)")
                #expect(count == durable || count == durable + 1)
                #expect(report.setAside.isEmpty && report.damaged == nil)
                if report.tornBytes > 0 { partial += 1 }
                // The next process goes on from there, and a third one finds both.
                #expect(write(after, to: disk) == after.count)
                let expected = before.prefix(count) + after
                #expect(try recover(disk).records == Array(expected.joined()))
                if isThrough { break }
            }
        }
        #expect(partial >= before.count, "hardly a tail was torn, so little was tried")
    }

    private enum Keeping: CaseIterable {
        case nothing, half, random, most, all

        /// Whether the next unsynced byte survives.
        func rule(_ random: inout SplitMix64) -> () -> Bool {
            var source = SplitMix64(seed: random.next())
            var left =
                switch self {
                case .half: 80
                case .most: 250
                case .nothing, .random, .all: 0
                }
            return {
                switch self {
                case .nothing: return false
                case .random: return source.next() % 4 > 0
                case .all: return true
                case .half, .most:
                    left -= 1
                    return left >= 0
                }
            }
        }
    }

    /// As if the last batch of the last commit was never written: the others are sound, and say
    /// that it goes on.
    private func diskWithoutAnEnd(
        _ before: [[[UInt8]]], _ large: [UInt8]
    ) throws -> (disk: LosingDisk, segment: String) {
        let disk = LosingDisk()
        #expect(write(before + [[large]], to: disk) == before.count + 1)
        let name = try #require(try disk.names().filter(SegmentHeader.isSegment).sorted().last)
        let used = try disk.contents(of: name).lastIndex { $0 != 0 }! + 1
        disk.erase(name, used - 100..<used)
        return (disk, name)
    }

    @Test func aCommitWithoutItsEndIsCutOnceAndForAll() throws {
        var random = SplitMix64(seed: 9)
        let before = commits(2, mark: 1, from: &random)
        let (disk, name) = try diskWithoutAnEnd(before, [UInt8](repeating: 5, count: 300))
        for mark in 2...4 as ClosedRange<UInt8> {
            let (found, report) = try recover(disk)
            let marks = (2..<mark).map { [$0] }
            #expect(found == Array(before.joined()) + marks)
            #expect(report.setAside.isEmpty && report.damaged == nil)
            // The first start makes the torn end zero, and each goes on in the same segment.
            #expect((report.tornBytes > 4 * 64) == (mark == 2))
            #expect(report.tail?.segment == name)
            #expect(write([[[mark]]], to: disk) == 1)
        }
        #expect(try disk.names() == [name])
    }

    /// The same where each process begins a new segment: the part stays behind in the old one.
    @Test func aCommitWithoutItsEndIsCutAlsoWhenSegmentsLieBehindIt() throws {
        var random = SplitMix64(seed: 10)
        let before = commits(2, mark: 1, from: &random)
        let (disk, name) = try diskWithoutAnEnd(before, [UInt8](repeating: 5, count: 300))
        let torn = try disk.contents(of: name)
        var next: UInt64?
        for mark in 2...4 as ClosedRange<UInt8> {
            let names = try disk.names().filter(SegmentHeader.isSegment).sorted()
            var recovery = Recovery(from: disk, only: names)
            var found = 0
            let report = try recovery.run { records throws(RecordError) in
                var at = 0
                while let record = try Record.read(records, at: at) {
                    found += 1
                    at = record.content.upperBound
                }
            }
            #expect(found == before.joined().count + Int(mark - 2))
            #expect(next == nil || report.position.nextBatch == next)
            next = report.position.nextBatch + 1
            #expect(try disk.contents(of: name) == torn)
            #expect(report.setAside.isEmpty)
            let home = SegmentHome(
                at: report.position, segmentSize: Self.segmentSize, writer: DirectWriter(disk),
                sealed: names, now: { 0 })
            var journal = Journal(home: home)
            journal.append(kind: 7, atMost: 1) { $0.append(mark) }
            journal.submit()
            #expect(try disk.names().filter(SegmentHeader.isSegment).count == names.count + 1)
        }
    }

    /// A power cut during a start must find nothing of it half written.
    @Test func aStartWritesOverNothingThatWasCommitted() throws {
        let disk = LosingDisk()
        #expect(write([[[1]], [[2]]], to: disk) == 2)
        let (_, whole) = try recover(disk)
        let tail = try #require(whole.tail)
        let torn: [UInt8] = [7, 0, 7]
        try disk.write(torn.span, to: tail.segment, at: tail.end + 5)
        let before = disk.writes.count
        #expect(try recover(disk).report.tail == tail)
        #expect(disk.writes.dropFirst(before).map(\.range) == [tail.end..<tail.end + 8])
    }

    /// Damage is not a torn end: it is told, the bytes stay, and writing goes on elsewhere.
    @Test func damageBeforeALaterCommitIsToldFromATornEnd() throws {
        let commits = (1...4 as ClosedRange<UInt8>).map { [[UInt8](repeating: $0, count: 100)] }
        for hit in 1...4 {
            let disk = LosingDisk()
            #expect(write(commits, to: disk) == 4)
            let name = try #require(try disk.names().first)
            // Each commit is a full batch and one of 44 bytes of records.
            let size = 64 + 44 + 2 * BatchHeader.size
            let at = SegmentHeader.size + (hit - 1) * size + BatchHeader.size + 3
            disk.flipByte(of: name, at: at)
            let damaged = try disk.contents(of: name)
            let (found, report) = try recover(disk)
            #expect(found == Array(commits.prefix(hit - 1).joined()))
            // The last commit could as well have been on its way when the process died.
            #expect(report.damaged == (hit < 4 ? name : nil))
            #expect(report.tail == nil || hit == 4)
            // The zeros behind it are given back.
            if hit < 4 { #expect(damaged.starts(with: try disk.contents(of: name))) }
            #expect(write([[[9]]], to: disk) == 1)
            #expect(try recover(disk).records == found + [[9]])
        }
    }

    @Test func whatASupersededSegmentHoldsDoesNotMatter() throws {
        let disk = LosingDisk()
        #expect(write([[[1]], [[2]]], to: disk) == 2)
        let first = try #require(try disk.names().first)
        var recovery = Recovery(from: disk)
        let position = try recovery.run { _ throws(RecordError) in }.position
        let home = SegmentHome(
            at: position, segmentSize: Self.segmentSize, writer: DirectWriter(disk),
            sealed: [first], now: { 0 })
        var journal = Journal(home: home)
        journal.append(kind: 7, atMost: 1) { $0.append(3) }
        journal.submit()
        disk.flipByte(of: first, at: 5)
        var behind = Recovery(from: disk, after: position)
        var found = 0
        let report = try behind.run { _ throws(RecordError) in found += 1 }
        #expect(found == 1)
        #expect(report.setAside.isEmpty)
    }

    @Test func aCheckpointThatWasCutBetweenTwoBatchesIsNotSound() throws {
        let disk = LosingDisk()
        let position = SegmentHome.Position(epoch: 3, nextBatch: 77, previous: 1)
        let name = try Checkpoint.write(at: position, to: disk) { journal in
            for number in 0..<3 as Range<UInt8> {
                journal.append(kind: 7, atMost: 1) { $0.append(number) }
                journal.submit()
            }
        }
        let whole = try disk.contents(of: name).count
        let batch = BatchHeader.size + Record.headerSize + 1
        #expect(whole == SegmentHeader.size + 3 * batch + BatchHeader.size)
        for count in [SegmentHeader.size] + (1...3).map({ SegmentHeader.size + $0 * batch }) {
            let copy = LosingDisk()
            try copy.create(name, size: 0)
            let bytes = try disk.contents(of: name)
            try copy.write(bytes.span.extracting(..<count), to: name, at: 0)
            let read = try Checkpoint.read(name, from: copy) { _ throws(RecordError) in
                Issue.record("records of a checkpoint of \(count) bytes")
            }
            #expect(read == nil)
        }
    }

    /// A later version's journal is not damage: it is refused, and nothing is set aside.
    @Test func aSegmentOfAnotherVersionIsRefused() throws {
        let disk = LosingDisk()
        var header = SegmentHeader(epoch: 1, firstBatch: 1, previous: 0).bytes(CRC32C.checksum)
        header[4] += 1
        let crc = CRC32C.checksum(0, header.span.extracting(..<28))
        for index in 0..<4 { header[28 + index] = UInt8(truncatingIfNeeded: crc >> (8 * index)) }
        let name = SegmentHeader.name(firstBatch: 1, epoch: 1)
        try disk.create(name, size: 100)
        try disk.write(header.span, to: name, at: 0)
        #expect(throws: RecoveryError.version(3, file: name)) { try recover(disk) }
        #expect(try disk.names() == [name])
    }
}
