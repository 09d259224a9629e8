// SPDX-License-Identifier: Apache-2.0
// Memory that goes back to the kernel piece by piece, whatever lies beside a piece: the allocator can do
// that at the end of its heap alone.
import Glibc

/// Extents of one size, out of mappings of many. What is given back keeps its addresses and loses its pages:
/// to unmap it would split the mapping, of which a process may have some 65,000.
package final class MappedExtents {
    private static let mappingSize = 16 << 20

    private let size: Int
    private var mappings: [UnsafeMutableRawPointer] = []
    private var free: [UnsafeMutableRawPointer] = []
    /// What of the last mapping was never given out.
    private var fresh = 0

    /// `size` is a divisor of 16 MiB, in whole pages.
    package init(of size: Int) {
        precondition(Self.mappingSize % size == 0 && size % Int(getpagesize()) == 0)
        self.size = size
    }

    deinit {
        for mapping in mappings { munmap(mapping, Self.mappingSize) }
    }

    /// Nil when the kernel has none.
    package func takeExtent(_ size: Int) -> UnsafeMutableRawPointer? {
        precondition(size == self.size)
        if let base = free.popLast() { return base }
        if fresh == 0 {
            guard let mapping = Self.map() else { return nil }
            mappings.append(mapping)
            fresh = Self.mappingSize
        }
        fresh -= size
        return mappings.last! + fresh
    }

    package func giveBack(extent base: UnsafeMutableRawPointer, _ size: Int) {
        madvise(base, size, MADV_DONTNEED)
        free.append(base)
    }

    /// In small pages, so that what is in use is all that is resident.
    private static func map() -> UnsafeMutableRawPointer? {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let base = mmap(nil, mappingSize, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let base, base != MAP_FAILED else { return nil }
        madvise(base, mappingSize, MADV_NOHUGEPAGE)
        return base
    }
}
