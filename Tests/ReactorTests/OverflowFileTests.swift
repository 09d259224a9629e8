// SPDX-License-Identifier: Apache-2.0
// Memory in a file without a name: it is memory, it takes room on the disk, and it gives it back.
import Glibc
import Testing

@testable import Reactor

@Suite struct OverflowFileTests {
    private let folder: String

    init() {
        var template = Array("/var/tmp/overflow.XXXXXX\0".utf8CString)
        folder = template.withUnsafeMutableBufferPointer {
            String(cString: mkdtemp($0.baseAddress!))
        }
    }

    @Test func extentsAreMemoryOfTheirOwn() throws {
        defer { rmdir(folder) }
        let file = OverflowFile(folder: folder)
        let first = try #require(file.takeExtent(1 << 20))
        let second = try #require(file.takeExtent(4096))
        first.initializeMemory(as: UInt8.self, repeating: 1, count: 1 << 20)
        second.initializeMemory(as: UInt8.self, repeating: 2, count: 4096)
        let isWhole = UnsafeRawBufferPointer(start: first, count: 1 << 20).allSatisfy { $0 == 1 }
        #expect(isWhole)
        file.giveBack(extent: first, 1 << 20)
        let again = try #require(file.takeExtent(1 << 20))
        // Its room was given back in between: nothing is left of what it held.
        #expect(again.load(as: UInt64.self) == 0)
        #expect(second.load(as: UInt8.self) == 2)
        file.giveBack(extent: again, 1 << 20)
        file.giveBack(extent: second, 4096)
        #expect(rmdir(folder) == 0, "the folder holds no file")
    }

    /// What is full is not mapped any more, and is there when it is read.
    @Test func theFileKeepsWhatIsFull() throws {
        defer { rmdir(folder) }
        let file = OverflowFile(folder: folder)
        let extent = try #require(file.takeExtent(1 << 20))
        for place in 0..<(1 << 18) {
            extent.storeBytes(
                of: UInt32(place), toByteOffset: place * 4, as: UInt32.self)
        }
        #expect(presentPages(at: extent, 1 << 20) == 256)
        file.filled(extent: extent, 1 << 20)
        #expect(presentPages(at: extent, 1 << 20) == 0)
        let words = UnsafeRawBufferPointer(start: extent, count: 1 << 20)
            .bindMemory(to: UInt32.self)
        let isWhole = words.enumerated().allSatisfy { UInt32($0.offset) == $0.element }
        #expect(isWhole)
        file.giveBack(extent: extent, 1 << 20)
    }

    @Test func withoutAFolderThereIsNone() {
        rmdir(folder)
        #expect(OverflowFile(folder: folder).takeExtent(4096) == nil)
    }
}
