// SPDX-License-Identifier: Apache-2.0
// What a look at a folder says of each kind of file, and that it finds what is planted.
import Testing

@testable import Journal

@Suite struct InspectionTests {
    private let disk = LosingDisk()

    /// Five commits of one record each, in segments that hold two; returns their names.
    private func write(_ commits: Int = 5) throws -> [String] {
        let home = SegmentHome(
            at: .start, segmentSize: 4096, writer: DirectWriter(disk), sealed: [], now: { 0 })
        var journal = Journal(home: home)
        for index in 0..<commits {
            journal.append(kind: 7, atMost: 1500) { out in
                for _ in 0..<1500 { out.append(UInt8(index + 1)) }
            }
            journal.submit()
        }
        return try disk.names().filter(SegmentHeader.isSegment).sorted()
    }

    private func file(_ name: String) throws -> Inspection.File {
        try #require(try Inspection(of: disk).files.first { $0.name == name })
    }

    @Test func aSoundJournal() throws {
        let names = try write()
        var records: [UInt64] = []
        let inspection = try Inspection(of: disk) { record, bytes, _, batch in
            let content = record.content
            let isWhole = content.count == 1500 && UInt64(bytes[content.lowerBound]) == batch
            if isWhole { records.append(batch) }
        }
        #expect(records == [1, 2, 3, 4, 5])
        #expect(inspection.files.map(\.name) == names)
        #expect(inspection.files.map(\.batches) == [1...2, 3...4, 5...5])
        #expect(inspection.files.map(\.condition) == [.sound, .sound, .sound])
        #expect(!inspection.isDamaged)
    }

    @Test func aTornEndIsNoDamage() throws {
        let names = try write()
        let end = SegmentHeader.size + BatchHeader.size + Record.headerSize + 1500
        let rest: [UInt8] = [1, 2, 3]
        try disk.write(rest.span, to: names[2], at: end)
        #expect(try file(names[2]).condition == .torn(3))
        #expect(try !Inspection(of: disk).isDamaged)
    }

    /// One flipped byte: its batch is gone, and all behind it has nothing to go on from.
    @Test func damageInTheMiddle() throws {
        let names = try write()
        disk.flipByte(of: names[0], at: SegmentHeader.size + 200)
        let inspection = try Inspection(of: disk)
        #expect(inspection.isDamaged)
        #expect(inspection.files[0].batches == nil)
        #expect(
            inspection.files[1].condition == .damaged("batches 1 to 2 are missing before it"))
    }

    /// What was committed behind it shows that it was no torn end.
    @Test func damageInTheLastSegment() throws {
        let names = try write(2)
        disk.flipByte(of: names[0], at: SegmentHeader.size + 200)
        #expect(
            try file(names[0]).condition == .damaged("from batch 1 on it cannot be read"))
    }

    @Test func aMissingSegment() throws {
        let names = try write()
        try disk.remove(names[1])
        #expect(
            try file(names[2]).condition == .damaged("batches 3 to 4 are missing before it"))
    }

    @Test func aHeaderThatIsNotSound() throws {
        let names = try write()
        disk.flipByte(of: names[1], at: 16)
        #expect(try file(names[1]).condition == .damaged("its header is not sound"))
    }

    @Test func checkpoints() throws {
        let names = try write()
        var recovery = Recovery(from: disk, only: Array(names.prefix(2)))
        let position = try recovery.run { _ throws(RecordError) in }.position
        let name = try Checkpoint.write(at: position, to: disk) { journal in
            journal.append(kind: 8, atMost: 1) { $0.append(1) }
        }
        #expect(try file(name).condition == .sound)
        #expect(try file(name).batches == 1...4)
        #expect(try file(names[0]).condition == .superseded)
        #expect(try file(names[2]).condition == .sound)
        disk.flipByte(of: name, at: 90)
        #expect(
            try file(name).condition == .damaged("not whole: the one before it is used"))
    }

    @Test func aSegmentByAnotherName() throws {
        let names = try write()
        let header = try disk.contents(of: names[0])
        let other = "segment-0000000000000001-00000009"
        try disk.create(other, size: header.count)
        try disk.write(header.span, to: other, at: 0)
        #expect(try file(other).condition == .damaged("its header is that of \(names[0])"))
    }

    @Test func otherFiles() throws {
        try disk.create("spare", size: 4096)
        try disk.create("damaged-segment-0000000000000007-00000001", size: 10)
        try disk.create("segment-0000000000000001-00000001", size: 4096)
        #expect(try file("spare").condition == .foreign)
        #expect(try file("segment-0000000000000001-00000001").condition == .blank)
        #expect(try Inspection(of: disk).isDamaged)
    }
}
