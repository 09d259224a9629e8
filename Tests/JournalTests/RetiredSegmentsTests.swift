// SPDX-License-Identifier: Apache-2.0
//
// What is over makes room, or place for what comes next; and never looks like what it was.

import Testing

@testable import Journal

@Suite struct RetiredSegmentsTests {
    private static let size = 512
    private let disk = LosingDisk()

    private func segment(_ number: UInt64, size: Int = size) throws -> String {
        let name = SegmentHeader.name(firstBatch: number, epoch: 1)
        try disk.create(name, size: size)
        try disk.syncFolder()
        return name
    }

    private func retire(_ name: String, keeping most: Int = 2) throws {
        try RetiredSegments.retire(name, of: Self.size, keeping: most, on: disk)
    }

    @Test func soManyAreKeptAndTheOthersDeleted() throws {
        for number in 1...4 { try retire(try segment(UInt64(number))) }
        let names = try disk.names().sorted()
        #expect(
            names == ["spare-0000000000000001-00000001", "spare-0000000000000002-00000001"])
        #expect(!names.contains(where: SegmentHeader.isSegment))
    }

    @Test func oneOfAnotherSizeIsDeleted() throws {
        try retire(try segment(1, size: Self.size + 1))
        try retire(try segment(2, size: Self.size - 1))
        #expect(try disk.names().isEmpty)
    }

    @Test func whereSpaceIsShortTheyGo() throws {
        for number in 1...3 { try retire(try segment(UInt64(number)), keeping: 3) }
        try RetiredSegments.keep(1, on: disk)
        #expect(try disk.names().count == 1)
        try RetiredSegments.keep(0, on: disk)
        #expect(try disk.names().isEmpty)
    }

    /// A power cut behind it must not bring back the name of a segment: what is in it is written over.
    @Test func whatIsTakenIsNoSegmentAnyMore() throws {
        try retire(try segment(1))
        #expect(try RetiredSegments.take(Self.size, as: "spare-unfinished", on: disk))
        disk.cutPower { true }
        #expect(try disk.names() == ["spare-unfinished"])
    }

    @Test func thereIsNoneOfAnotherSize() throws {
        try retire(try segment(1))
        #expect(try RetiredSegments.any(of: Self.size, on: disk) != nil)
        #expect(try !RetiredSegments.take(2 * Self.size, as: "spare-unfinished", on: disk))
    }

    /// The spare itself, what is being made of one, and whatever else lies there is none.
    @Test(arguments: ["spare", "spare-unfinished", "spare-1", "segment-0000000000000001-00000001"])
    func others(_ name: String) throws {
        try disk.create(name, size: Self.size)
        try RetiredSegments.keep(0, on: disk)
        #expect(try disk.names() == [name])
    }
}
