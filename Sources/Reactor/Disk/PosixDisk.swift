// SPDX-License-Identifier: Apache-2.0
// The journal's disk as a folder of the file system. Every call blocks: it is for recovery and for
// the threads beside the loop, never for the loop itself.
import CEpoll
import Glibc
import Journal

package final class PosixDisk: Disk, Sendable {
    package let folder: String
    package var checksum: Checksum { HardwareChecksum.best }
    private let folderDescriptor: OwnedDescriptor
    /// What is written beside the loop goes to the device so many bytes at a time.
    private static let pieceSize = 1 << 20

    /// Makes the folder where it is missing, readable by its owner alone.
    package init(folder: String) throws(DiskError) {
        self.folder = folder
        try Self.makeFolders(folder)
        do throws(SystemError) {
            folderDescriptor = try OwnedDescriptor(
                open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", folder)
        } catch {
            throw DiskError(error)
        }
        guard flock(folderDescriptor.raw, LOCK_EX | LOCK_NB) == 0 else {
            throw DiskError(
                operation: "lock \(folder)", reason: "another process uses this folder")
        }
    }

    /// For looking only, also while another process uses the folder: it is neither made nor locked.
    package init(reading folder: String) throws(DiskError) {
        self.folder = folder
        do throws(SystemError) {
            folderDescriptor = try OwnedDescriptor(
                open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", folder)
        } catch {
            throw DiskError(error)
        }
    }

    package func names() throws(DiskError) -> [String] {
        guard let directory = opendir(folder) else { throw failure("list", folder) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    package func contents(of name: String) throws(DiskError) -> [UInt8] {
        do throws(SystemError) {
            return try Reactor.contents(ofFile: path(name))
        } catch {
            throw DiskError(error)
        }
    }

    package func contents(
        of name: String, from offset: Int, atMost count: Int
    ) throws(DiskError) -> [UInt8] {
        let file = try descriptor(name, O_RDONLY)
        var result: Result<Void, DiskError> = .success(())
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let read = pread(
                    file.raw, buffer.baseAddress! + filled, count - filled,
                    off_t(offset + filled))
                if read < 0, errno == EINTR { continue }
                if read < 0 { result = .failure(failure("read", path(name))) }
                guard read > 0 else { return }
                filled += read
            }
        }
        try result.get()
        return bytes
    }

    /// Zeros are written, not promised: space that was merely reserved would have to be converted
    /// in the file system's own journal at each sync.
    package func create(_ name: String, size: Int) throws(DiskError) {
        try create(name, size: size, inPiecesOf: Self.pieceSize) { _ in }
    }

    /// The same, piece by piece. After each, `pause` is told how much is there, and takes its time.
    func create(
        _ name: String, size: Int, inPiecesOf pieceSize: Int, _ pause: (Int) -> Void
    ) throws(DiskError) {
        let file = try descriptor(name, O_RDWR | O_CREAT | O_EXCL)
        try fillWithZeros(file.raw, name, size, pieceSize, pause)
    }

    /// Zeros in the place of all that a file of this size holds, in the same manner.
    func wipe(
        _ name: String, size: Int, inPiecesOf pieceSize: Int, _ pause: (Int) -> Void
    ) throws(DiskError) {
        let file = try descriptor(name, O_RDWR)
        try fillWithZeros(file.raw, name, size, pieceSize, pause)
    }

    private func fillWithZeros(
        _ file: Int32, _ name: String, _ size: Int, _ pieceSize: Int, _ pause: (Int) -> Void
    ) throws(DiskError) {
        let zeros = [UInt8](repeating: 0, count: min(size, 64 << 10))
        var at = 0
        while at < size {
            let count = min(zeros.count, size - at)
            try Self.writeAll(zeros.span.extracting(..<count), to: file, at: at, path(name))
            at += count
            guard at % pieceSize == 0 else { continue }
            try writeOut(file, at - pieceSize, pieceSize, path(name))
            pause(at)
        }
        guard fsync(file) == 0 else { throw failure("sync", path(name)) }
    }

    package func giveBack(_ name: String, behind size: Int) throws(DiskError) {
        guard truncate(path(name), off_t(size)) == 0 else { throw failure("shorten", path(name)) }
    }

    package func write(
        _ bytes: Span<UInt8>, to name: String, at offset: Int
    ) throws(DiskError) {
        let file = try descriptor(name, O_WRONLY)
        var at = 0
        while at < bytes.count {
            let piece = bytes.extracting(at..<min(at + Self.pieceSize, bytes.count))
            try Self.writeAll(piece, to: file.raw, at: offset + at, path(name))
            try writeOut(file.raw, offset + at, piece.count, path(name))
            at += piece.count
        }
    }

    /// What was written goes to the device at once: whoever syncs something else must not wait for all
    /// of it. What the device refuses is told here, and would not be told again by a sync.
    private func writeOut(
        _ descriptor: Int32, _ offset: Int, _ count: Int, _ path: String
    ) throws(DiskError) {
        guard cepoll_write_out(descriptor, Int64(offset), Int64(count)) == 0 || errno == ENOSYS
        else { throw failure("write", path) }
    }

    package func sync(_ name: String) throws(DiskError) {
        let file = try descriptor(name, O_WRONLY)
        guard fdatasync(file.raw) == 0 else { throw failure("sync", path(name)) }
    }

    /// What is synced may be forgotten by memory, and is then read from the disk.
    package func confirm(_ name: String) throws(DiskError) {
        let file = try descriptor(name, O_WRONLY)
        guard fdatasync(file.raw) == 0 else { throw failure("sync", path(name)) }
        let refusal = posix_fadvise(file.raw, 0, 0, POSIX_FADV_DONTNEED)
        guard refusal == 0 else {
            throw DiskError(
                SystemError(operation: "read anew", subject: path(name), errno: refusal))
        }
    }

    package func size(of name: String) throws(DiskError) -> Int {
        var status = stat()
        guard stat(path(name), &status) == 0 else { throw failure("look at", path(name)) }
        return Int(status.st_size)
    }

    /// What the file system still has for us; nil where it does not say.
    func bytesFree() -> Int? {
        var status = statvfs()
        guard fstatvfs(folderDescriptor.raw, &status) == 0 else { return nil }
        return Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }

    package func syncFolder() throws(DiskError) {
        guard fsync(folderDescriptor.raw) == 0 else { throw failure("sync", folder) }
    }

    package func rename(_ name: String, to newName: String) throws(DiskError) {
        guard Glibc.rename(path(name), path(newName)) == 0 else {
            throw failure("rename", path(name))
        }
    }

    package func remove(_ name: String) throws(DiskError) {
        guard unlink(path(name)) == 0 || errno == ENOENT else {
            throw failure("remove", path(name))
        }
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func descriptor(_ name: String, _ flags: Int32) throws(DiskError) -> OwnedDescriptor {
        do throws(SystemError) {
            return try OwnedDescriptor(
                open(path(name), flags | O_CLOEXEC, 0o600), "open", path(name))
        } catch {
            throw DiskError(error)
        }
    }

    static func writeAll(
        _ bytes: Span<UInt8>, to descriptor: Int32, at offset: Int, _ path: String
    ) throws(DiskError) {
        try bytes.withUnsafeBytes { bytes throws(DiskError) in
            try writeAll(bytes, to: descriptor, at: offset, path)
        }
    }

    static func writeAll(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int, _ path: String
    ) throws(DiskError) {
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw DiskError(SystemError(operation: "write", subject: path))
            }
            done += count
        }
    }

    private func failure(_ operation: String, _ subject: String) -> DiskError {
        DiskError(SystemError(operation: operation, subject: subject))
    }

    /// A folder made here survives a power cut once the folder that names it is synced.
    private static func makeFolders(_ path: String) throws(DiskError) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            let parent = made.isEmpty ? "/" : made
            made += "/\(part)"
            guard mkdir(made, 0o700) == 0 else {
                if errno == EEXIST { continue }
                throw DiskError(SystemError(operation: "create folder", subject: made))
            }
            try syncFolder(at: parent)
        }
    }

    private static func syncFolder(at path: String) throws(DiskError) {
        do throws(SystemError) {
            let folder = try OwnedDescriptor(
                open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", path)
            guard fsync(folder.raw) == 0 else {
                throw SystemError(operation: "sync", subject: path)
            }
        } catch {
            throw DiskError(error)
        }
    }
}

extension DiskError {
    init(_ error: SystemError) {
        self.init(
            operation: "\(error.operation) \(error.subject)", reason: error.reason,
            isFull: error.errno == ENOSPC || error.errno == EDQUOT)
    }
}
