// SPDX-License-Identifier: Apache-2.0
//
// What is over makes room, or place for what comes next; and never looks like what it was.

import Testing

@testable import Journal

@Suite struct RetiredSegmentsTests {
    private static let size = 512
    private let disk = LosingDisk()

    private var retired: RetiredSegments { RetiredSegments(of: Self.size, on: disk) }

    private func segment(_ number: UInt64, size: Int = size) throws -> String {
        let name = SegmentHeader.name(firstBatch: number, epoch: 1)
        try disk.create(name, size: size)
        try disk.syncFolder()
        return name
    }

    @Test func soManyAreKeptAndTheOthersDeleted() throws {
        for number in 1...4 { try retired.retire(try segment(UInt64(number)), keeping: 2) }
        let names = try disk.names().sorted()
        #expect(
            names == ["spare-0000000000000001-00000001", "spare-0000000000000002-00000001"])
        #expect(!names.contains(where: SegmentHeader.isSegment))
    }

    @Test func oneOfAnotherSizeIsDeleted() throws {
        try retired.retire(try segment(1, size: Self.size + 1), keeping: 2)
        try retired.retire(try segment(2, size: Self.size - 1), keeping: 2)
        #expect(try disk.names().isEmpty)
    }

    @Test func whereSpaceIsShortTheyGo() throws {
        for number in 1...3 { try retired.retire(try segment(UInt64(number)), keeping: 3) }
        #expect(try retired.count() == 3)
        try retired.keep(1)
        #expect(try disk.names().count == 1)
        try retired.keep(0)
        #expect(try disk.names().isEmpty)
    }

    /// A power cut behind it must not bring back the name of a segment: what is in it is written over.
    @Test func whatIsTakenIsNoSegmentAnyMore() throws {
        try retired.retire(try segment(1), keeping: 2)
        #expect(try retired.take(as: "spare-unfinished"))
        disk.cutPower { true }
        #expect(try disk.names() == ["spare-unfinished"])
    }

    /// Segments were of another size once: those are of no use, and in nobody's way.
    @Test func thereIsNoneOfAnotherSize() throws {
        try retired.retire(try segment(1), keeping: 1)
        let larger = RetiredSegments(of: 2 * Self.size, on: disk)
        #expect(try larger.count() == 0)
        #expect(try !larger.take(as: "spare-unfinished"))
        try larger.retire(try segment(2, size: 2 * Self.size), keeping: 1)
        #expect(try disk.names().count == 2)
        try larger.keep(1)
        #expect(try disk.names() == ["spare-0000000000000002-00000001"])
    }

    /// The spare itself, what is being made of one, and whatever else lies there is none.
    @Test(arguments: ["spare", "spare-unfinished", "spare-1", "segment-0000000000000001-00000001"])
    func others(_ name: String) throws {
        try disk.create(name, size: Self.size)
        try retired.keep(0)
        #expect(try disk.names() == [name])
    }
}
