// SPDX-License-Identifier: Apache-2.0
// What was committed is read back, in order, whatever happens to what was not.
import Testing

@testable import Journal

@Suite struct RecoveryTests {
    /// Runs a journal until it ends or the disk fails. Returns how many records were committed. Of
    /// every third one most lies elsewhere, until the journal lets go of it.
    private func write(
        _ records: [[UInt8]], perBatch: Int, to disk: LosingDisk, segmentSize: Int = 4096,
        mistake: DirectWriter.Mistake? = nil
    ) throws -> Int {
        let report = try recover(disk).report
        let writer = DirectWriter(disk, mistake: mistake)
        let home = SegmentHome(
            at: report.position, segmentSize: segmentSize, writer: writer,
            sealed: report.segments, recordBytesMax: 180, now: { 0 })
        var elsewhere: [UInt32: UnsafeMutableRawBufferPointer] = [:]
        defer { for memory in elsewhere.values { memory.deallocate() } }
        var journal = Journal(home: home)
        var committed = 0
        for start in stride(from: 0, to: records.count, by: perBatch) {
            let batch = records[start..<min(records.count, start + perBatch)]
            for (number, record) in zip(batch.indices, batch) {
                guard number % 3 == 1, record.count > 20 else {
                    journal.append(kind: 7, atMost: record.count) { out in
                        for byte in record { out.append(byte) }
                    }
                    continue
                }
                let memory = UnsafeMutableRawBufferPointer.allocate(
                    byteCount: record.count - 5, alignment: 1)
                memory.copyBytes(from: record[5...])
                elsewhere[UInt32(number)] = memory
                journal.append(
                    kind: 7, atMost: 5, attaching: UnsafeRawBufferPointer(memory),
                    token: UInt32(number)
                ) { out in
                    for byte in record[..<5] { out.append(byte) }
                }
            }
            journal.submit()
            while let token = journal.takeWritten() {
                let memory = elsewhere.removeValue(forKey: token)
                memory?.initializeMemory(as: UInt8.self, repeating: 0xEE)
                memory?.deallocate()
            }
            if writer.failure != nil { return committed }
            committed += batch.count
        }
        return committed
    }

    private func recover(
        _ disk: LosingDisk
    ) throws -> (records: [[UInt8]], report: RecoveryReport) {
        var records: [[UInt8]] = []
        var recovery = Recovery(from: disk)
        let report = try recovery.run { bytes throws(RecordError) in
            var at = 0
            while let record = try Record.read(bytes, at: at) {
                #expect(record.kind == 7)
                records.append(record.content.map { bytes[$0] })
                at = record.content.upperBound
            }
        }
        return (records, report)
    }

    private func records(_ count: Int, from random: inout SplitMix64) -> [[UInt8]] {
        (0..<count).map { number in
            let size = Int(random.next() % 300)
            return [UInt8(truncatingIfNeeded: number)]
                + (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
    }

    @Test func checksumIsCastagnoli() {
        let digits = Array("123456789".utf8)
        #expect(CRC32C.checksum(0, digits.span) == 0xe306_9283)
        // Continuing gives the same as reading at once, at every cut.
        for cut in 0...digits.count {
            let first = CRC32C.checksum(0, digits.span.extracting(..<cut))
            #expect(CRC32C.checksum(first, digits.span.extracting(cut...)) == 0xe306_9283)
        }
    }

    @Test func everythingCommittedComesBackOverManyStarts() throws {
        var random = SplitMix64(seed: 1)
        let disk = LosingDisk()
        var all: [[UInt8]] = []
        for start in 1...5 {
            let new = records(40, from: &random)
            #expect(try write(new, perBatch: start, to: disk) == new.count)
            all += new
            let (found, report) = try recover(disk)
            #expect(found == all)
            #expect(report.tornBytes == 0)
            #expect(report.setAside.isEmpty)
        }
    }

    /// Also where what was committed last is zeros.
    @Test func aStartGivesBackTheRoomOfTheLastLife() throws {
        let disk = LosingDisk()
        let zeros = [[UInt8]](repeating: [UInt8](repeating: 0, count: 50), count: 3)
        for life in 1...50 {
            #expect(try write(zeros, perBatch: 2, to: disk, segmentSize: 100_000) == zeros.count)
            let found = try recover(disk).records
            #expect(found.count == 3 * life && found.allSatisfy { $0 == zeros[0] })
        }
        // The last one could be gone on with.
        let sizes = try disk.names().sorted().map { try disk.contents(of: $0).count }
        #expect(sizes.count == 50 && sizes.dropLast().allSatisfy { $0 < 1_000 })
    }

    /// True when every record that was committed before a power cut is there after it, and what is
    /// there is what was written, in order.
    private func survives(seed: UInt64, _ mistake: DirectWriter.Mistake? = nil) throws -> Bool {
        var random = SplitMix64(seed: seed)
        let disk = LosingDisk()
        var committed: [[UInt8]] = []
        for _ in 0..<4 {
            disk.failsAt = disk.calls + Int(random.next() % 60)
            let new = records(30, from: &random)
            // The disk may fail while the folder is still being opened.
            let count = (try? write(new, perBatch: 3, to: disk, mistake: mistake)) ?? 0
            disk.cutPower { random.next() % 3 == 0 }
            let (found, report) = try recover(disk)
            // What was on its way may have survived too, whole and in order.
            let isPrefix = found == Array((committed + new).prefix(found.count))
            let isAll = found.count >= committed.count + count
            if !isPrefix || !isAll || !report.setAside.isEmpty { return false }
            committed = found
        }
        return true
    }

    @Test func powerCutsLoseNothingThatWasCommitted() throws {
        for seed in 0..<120 as Range<UInt64> {
            #expect(try survives(seed: seed), "seed \(seed)")
        }
    }

    @Test(arguments: [DirectWriter.Mistake.forgetsSync, .forgetsFolder])
    func aForgottenSyncIsNoticed(_ mistake: DirectWriter.Mistake) throws {
        let lost = try (0..<20 as Range<UInt64>).filter { try !survives(seed: $0, mistake) }
        #expect(lost.count > 10)
    }

    @Test func damageInTheMiddleIsSetAsideAndTold() throws {
        var random = SplitMix64(seed: 3)
        let disk = LosingDisk()
        let all = records(120, from: &random)
        _ = try write(all, perBatch: 2, to: disk)
        let segments = try disk.names().filter(SegmentHeader.isSegment).sorted()
        try #require(segments.count > 3)
        disk.flipByte(of: segments[1], at: 200)
        let (found, report) = try recover(disk)
        #expect(report.setAside == Array(segments[2...]))
        #expect(!found.isEmpty && found == Array(all.prefix(found.count)))
        // The folder goes on from there.
        let more = records(10, from: &random)
        #expect(try write(more, perBatch: 1, to: disk) == more.count)
        #expect(try recover(disk).records == found + more)
    }

    /// Nothing is written over what lies in the folder, wherever that came from: a segment by the
    /// next one's name, copied there or damaged, is set aside.
    @Test func aStrayOfTheNextNameIsSetAside() throws {
        var random = SplitMix64(seed: 5)
        let disk = LosingDisk()
        let all = records(6, from: &random)
        _ = try write(all, perBatch: 2, to: disk)
        let position = try recover(disk).report.position
        let stray = SegmentHeader(
            epoch: position.epoch, firstBatch: position.nextBatch, previous: position.previous)
        let strays = [
            (stray.name, [1, 2, 3]),
            // It says another epoch than its name.
            (
                SegmentHeader.name(firstBatch: stray.firstBatch, epoch: stray.epoch + 1),
                stray.bytes(CRC32C.checksum)
            ),
        ]
        for (name, bytes) in strays {
            try disk.create(name, size: bytes.count)
            try disk.write(bytes.span, to: name, at: 0)
            let (found, report) = try recover(disk)
            #expect(report.setAside == [name])
            #expect(found == all)
            #expect(report.tail == nil)
            #expect(try disk.contents(of: "damaged-\(name)") == bytes)
            let next = SegmentHeader.name(
                firstBatch: report.position.nextBatch, epoch: report.position.epoch)
            #expect(next > name)
        }
    }

    @Test func everyFlippedByteIsNoticed() throws {
        var random = SplitMix64(seed: 4)
        let all = records(6, from: &random)
        let probe = LosingDisk()
        _ = try write(all, perBatch: 2, to: probe)
        let name = try #require(try probe.names().first { SegmentHeader.isSegment($0) })
        let used = try probe.contents(of: name).lastIndex { $0 != 0 }!
        for at in 0...used {
            let disk = LosingDisk()
            _ = try write(all, perBatch: 2, to: disk)
            disk.flipByte(of: name, at: at)
            let (found, report) = try recover(disk)
            #expect(found.count < all.count, "byte \(at)")
            #expect(found == Array(all.prefix(found.count)))
            #expect(report.tornBytes > 0 || !report.setAside.isEmpty)
        }
    }

    @Test func checkpointsAreWholeOrNothing() throws {
        let disk = LosingDisk()
        let position = SegmentHome.Position(epoch: 3, nextBatch: 77, previous: 0xdead_beef)
        let name = try Checkpoint.write(at: position, to: disk) { journal in
            for number in 0..<50 {
                journal.append(kind: 7, atMost: 1) { $0.append(UInt8(number)) }
                if number % 20 == 0 { journal.submit() }
            }
        }
        var count = 0
        let read = try Checkpoint.read(name, from: disk) { bytes throws(RecordError) in
            var at = 0
            while let record = try Record.read(bytes, at: at) {
                #expect(bytes[record.content.lowerBound] == UInt8(count))
                count += 1
                at = record.content.upperBound
            }
        }
        #expect(read == position)
        #expect(count == 50)
        for at in try disk.contents(of: name).indices {
            disk.flipByte(of: name, at: at)
            let damaged = try Checkpoint.read(name, from: disk) { _ throws(RecordError) in
                Issue.record("records of a damaged checkpoint, byte \(at)")
            }
            #expect(damaged == nil)
            disk.flipByte(of: name, at: at)
        }
    }

    @Test func checkpointsSurvivePowerCutsOrWereNeverThere() throws {
        for failure in 1..<12 {
            let disk = LosingDisk()
            disk.failsAt = failure
            let position = SegmentHome.Position(epoch: 1, nextBatch: 5, previous: 9)
            let name = try? Checkpoint.write(at: position, to: disk) { journal in
                journal.append(kind: 7, atMost: 100) { out in
                    for byte in 0..<100 { out.append(UInt8(byte)) }
                }
            }
            disk.cutPower { false }
            let kept = try disk.names().filter(Checkpoint.isCheckpoint)
            #expect(kept.isEmpty == (name == nil), "failure \(failure)")
            for name in kept {
                let read = try Checkpoint.read(name, from: disk) { _ throws(RecordError) in }
                #expect(read == position)
            }
        }
    }
}
