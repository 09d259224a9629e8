// SPDX-License-Identifier: Apache-2.0
// Memory that lies in a file without a name: the kernel keeps in RAM what is in use and moves the
// rest to the disk, as it does with any file. Nothing of it outlives the process; what must do so
// is in the journal. Room on the disk is taken beforehand, so that no access can fail for want of it.
import CEpoll
import Glibc

/// Extents of whole pages, mapped one by one. The file is made when the first is asked for.
package final class OverflowFile {
    private let folder: String
    private var file: OwnedDescriptor?
    private var end = 0
    /// Where each extent lies in the file.
    private var offsets: [UnsafeMutableRawPointer: Int] = [:]
    /// Offsets of extents that were given back, by size.
    private var free: [Int: [Int]] = [:]

    package init(folder: String) {
        self.folder = folder
    }

    deinit {
        precondition(offsets.isEmpty, "extents are in use")
    }

    /// Nil when the disk has no room or knows no such files, or the process no address space.
    package func takeExtent(_ size: Int) -> UnsafeMutableRawPointer? {
        guard let descriptor = openedFile() else { return nil }
        let reused = free[size]?.popLast()
        let offset = reused ?? end
        guard posix_fallocate(descriptor, offset, size) == 0 else {
            if let reused { free[size]!.append(reused) }
            return nil
        }
        if reused == nil { end += size }
        let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, offset)
        guard let base, base != MAP_FAILED else {
            free[size, default: []].append(offset)
            return nil
        }
        offsets[base] = offset
        return base
    }

    package func giveBack(extent base: UnsafeMutableRawPointer, _ size: Int) {
        guard let descriptor = openedFile(), let offset = offsets.removeValue(forKey: base) else {
            preconditionFailure("an extent that was never taken")
        }
        munmap(base, size)
        // If the file system cannot do it, the room is used again later instead.
        _ = cepoll_punch_hole(descriptor, Int64(offset), Int64(size))
        free[size, default: []].append(offset)
    }

    /// What waits here is not read soon: the file keeps it, and the process maps its pages again when it
    /// comes to them.
    package func filled(extent base: UnsafeMutableRawPointer, _ size: Int) {
        madvise(base, size, MADV_DONTNEED)
    }

    private func openedFile() -> Int32? {
        if file == nil {
            file = try? OwnedDescriptor(cepoll_open_unnamed(folder), "open", folder)
        }
        return file?.raw
    }
}
