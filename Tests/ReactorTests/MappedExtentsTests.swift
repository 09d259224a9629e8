// SPDX-License-Identifier: Apache-2.0
// Memory in pieces: each is its own, and what is given back is not resident, whatever lies beside it.
import Glibc
import Testing

@testable import Reactor

@Suite struct MappedExtentsTests {
    private static let size = 64 << 10

    @Test func whatIsGivenBackIsNotResident() throws {
        let extents = MappedExtents(of: Self.size)
        // More than a mapping holds.
        let taken = try (0..<300).map { _ in try #require(extents.takeExtent(Self.size)) }
        #expect(Set(taken).count == 300)
        for (index, base) in taken.enumerated() {
            base.initializeMemory(as: UInt8.self, repeating: UInt8(index % 251), count: Self.size)
        }
        for base in taken.enumerated().filter({ $0.offset % 2 == 0 }).map(\.element) {
            extents.giveBack(extent: base, Self.size)
            #expect(presentPages(at: base, Self.size) == 0)
        }
        for (index, base) in taken.enumerated() where index % 2 == 1 {
            let memory = UnsafeRawBufferPointer(start: base, count: Self.size)
            #expect(memory.allSatisfy { $0 == UInt8(index % 251) })
        }
        let again = try #require(extents.takeExtent(Self.size))
        #expect(taken.contains(again))
        #expect(again.load(as: UInt64.self) == 0)
    }
}

/// How many pages the process has mapped there. The kernel's table has eight bytes for each, whose
/// highest bit says so.
func presentPages(at base: UnsafeMutableRawPointer, _ size: Int) -> Int {
    let page = Int(getpagesize())
    let table = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)
    precondition(table >= 0, "errno \(errno)")
    defer { close(table) }
    var entries = [UInt64](repeating: 0, count: size / page)
    let read = pread(table, &entries, entries.count * 8, Int(bitPattern: base) / page * 8)
    precondition(read == entries.count * 8, "errno \(errno)")
    return entries.count { $0 >> 63 == 1 }
}
