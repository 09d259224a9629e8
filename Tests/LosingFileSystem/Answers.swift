// SPDX-License-Identifier: Apache-2.0
// What each question of the kernel means for the volume, and the answer in the kernel's form.
// Locks and caches are the kernel's own: it never asks for the first, and is told to keep no
// names and attributes.
import CFuse
import Glibc

/// What goes back to the kernel.
enum Answer {
    /// It expects nothing.
    case silence
    case bytes([UInt8])
    /// A part of a file, as it lies in memory.
    case part(UnsafeRawBufferPointer)

    static var done: Answer { .bytes([]) }

    static func value<T: BitwiseCopyable>(_ value: T) -> Answer {
        .bytes(withUnsafeBytes(of: value) { Array($0) })
    }
}

struct Answers {
    let volume: Volume

    func answer(_ request: FuseRequest) throws(Refusal) -> Answer {
        let inode = request.header.nodeid
        switch fuse_opcode(request.header.opcode) {
        case FUSE_INIT: return initialized(request.value(fuse_init_in.self))
        case FUSE_FORGET, FUSE_BATCH_FORGET, FUSE_INTERRUPT: return .silence
        case FUSE_LOOKUP: return try entry(volume.inode(of: Self.name(request.body), in: inode))
        case FUSE_GETATTR: return try attributes(inode)
        case FUSE_SETATTR: return try setAttributes(inode, request.value(fuse_setattr_in.self))
        case FUSE_STATFS: return statistics
        case FUSE_OPEN: return try open(inode, flags: request.value(fuse_open_in.self).flags)
        case FUSE_READ: return try read(inode, request.value(fuse_read_in.self))
        case FUSE_WRITE: return try write(inode, request)
        case FUSE_FSYNC, FUSE_FSYNCDIR:
            try volume.sync(inode)
            return .done
        case FUSE_FALLOCATE: return try allocate(inode, request.value(fuse_fallocate_in.self))
        case FUSE_RELEASE:
            volume.released(inode)
            return .done
        case FUSE_OPENDIR: return .value(fuse_open_out())
        case FUSE_RELEASEDIR: return .done
        case FUSE_READDIR: return try names(inode, request.value(fuse_read_in.self))
        default: return try changeNames(inode, request)
        }
    }

    private func changeNames(_ inode: UInt64, _ request: FuseRequest) throws(Refusal) -> Answer {
        switch fuse_opcode(request.header.opcode) {
        case FUSE_CREATE: return try create(in: inode, request)
        case FUSE_MKDIR:
            let asked = request.value(fuse_mkdir_in.self)
            let name = Self.name(request.rest(after: fuse_mkdir_in.self))
            let made = try volume.make(
                name, in: inode, .folder(StoredFolder()), mode: asked.mode & ~asked.umask)
            return try entry(made)
        case FUSE_UNLINK, FUSE_RMDIR:
            try volume.remove(Self.name(request.body), from: inode)
            return .done
        case FUSE_RENAME:
            return try rename(
                in: inode, to: request.value(fuse_rename_in.self).newdir, flags: 0,
                request.rest(after: fuse_rename_in.self))
        case FUSE_RENAME2:
            let asked = request.value(fuse_rename2_in.self)
            return try rename(
                in: inode, to: asked.newdir, flags: asked.flags,
                request.rest(after: fuse_rename2_in.self))
        default: throw Refusal(ENOSYS)
        }
    }

    private func initialized(_ asked: fuse_init_in) -> Answer {
        var answer = fuse_init_out()
        answer.major = UInt32(FUSE_KERNEL_VERSION)
        answer.minor = min(asked.minor, 31)
        answer.max_readahead = asked.max_readahead
        let wanted = FUSE_BIG_WRITES | FUSE_MAX_PAGES | FUSE_ATOMIC_O_TRUNC
        answer.flags = asked.flags & UInt32(wanted)
        answer.max_background = 16
        answer.congestion_threshold = 12
        answer.max_write = UInt32(FuseConnection.writeMax)
        answer.time_gran = 1
        answer.max_pages = UInt16(FuseConnection.writeMax / Volume.blockSize)
        return .value(answer)
    }

    private static func name(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    private var statistics: Answer {
        var answer = fuse_statfs_out()
        let free = UInt64(max(0, volume.quota - volume.used) / Volume.blockSize)
        answer.st.bsize = UInt32(Volume.blockSize)
        answer.st.frsize = UInt32(Volume.blockSize)
        answer.st.blocks = UInt64(volume.quota / Volume.blockSize)
        answer.st.bfree = free
        answer.st.bavail = free
        answer.st.namelen = 255
        return .value(answer)
    }
}

// MARK: Attributes

extension Answers {
    private func attributesOnly(_ inode: UInt64) throws(Refusal) -> fuse_attr {
        guard let node = volume.nodes[inode] else { throw Refusal(ENOENT) }
        var answer = fuse_attr()
        answer.ino = inode
        answer.nlink = 1
        answer.blksize = UInt32(Volume.blockSize)
        switch node {
        case .file(let file):
            answer.mode = S_IFREG | volume.permissions(of: inode)
            answer.size = UInt64(file.content.count)
            answer.blocks = UInt64(Volume.blocks(file.content.count) * Volume.blockSize / 512)
        case .folder: answer.mode = S_IFDIR | volume.permissions(of: inode)
        }
        return answer
    }

    private func entryOnly(_ inode: UInt64) throws(Refusal) -> fuse_entry_out {
        var answer = fuse_entry_out()
        answer.nodeid = inode
        answer.attr = try attributesOnly(inode)
        return answer
    }

    private func entry(_ inode: UInt64) throws(Refusal) -> Answer { .value(try entryOnly(inode)) }

    private func attributes(_ inode: UInt64) throws(Refusal) -> Answer {
        var answer = fuse_attr_out()
        answer.attr = try attributesOnly(inode)
        return .value(answer)
    }

    private func setAttributes(
        _ inode: UInt64, _ asked: fuse_setattr_in
    ) throws(Refusal) -> Answer {
        if asked.valid & UInt32(FATTR_SIZE) != 0 { try volume.resize(inode, to: Int(asked.size)) }
        if asked.valid & UInt32(FATTR_MODE) != 0 {
            volume.setPermissions(of: inode, to: asked.mode)
        }
        return try attributes(inode)
    }
}

// MARK: Files

extension Answers {
    private var opened: fuse_open_out {
        var answer = fuse_open_out()
        answer.open_flags = UInt32(FOPEN_KEEP_CACHE | FOPEN_NOFLUSH)
        return answer
    }

    private func open(_ inode: UInt64, flags: UInt32) throws(Refusal) -> Answer {
        _ = try volume.file(inode)
        if Int32(bitPattern: flags) & O_TRUNC != 0 { try volume.resize(inode, to: 0) }
        volume.opened(inode)
        return .value(opened)
    }

    private func create(in parent: UInt64, _ request: FuseRequest) throws(Refusal) -> Answer {
        let asked = request.value(fuse_create_in.self)
        let name = Self.name(request.rest(after: fuse_create_in.self))
        let inode = try volume.make(
            name, in: parent, .file(StoredFile()), mode: asked.mode & ~asked.umask)
        volume.opened(inode)
        let entry = try entryOnly(inode)
        return .bytes(
            withUnsafeBytes(of: entry) { Array($0) } + withUnsafeBytes(of: opened) { Array($0) })
    }

    private func read(_ inode: UInt64, _ asked: fuse_read_in) throws(Refusal) -> Answer {
        let offset = Int(asked.offset)
        return .part(try volume.file(inode).content.part(offset..<(offset + Int(asked.size))))
    }

    private func write(_ inode: UInt64, _ request: FuseRequest) throws(Refusal) -> Answer {
        let asked = request.value(fuse_write_in.self)
        let bytes = request.rest(after: fuse_write_in.self)
        try volume.write(bytes, to: inode, at: Int(asked.offset))
        var answer = fuse_write_out()
        answer.size = UInt32(bytes.count)
        return .value(answer)
    }

    /// Space alone, or with the file's size; a hole that is asked for becomes zeros.
    private func allocate(_ inode: UInt64, _ asked: fuse_fallocate_in) throws(Refusal) -> Answer {
        let (keepSize, punchHole, zeroRange): (UInt32, UInt32, UInt32) = (0x01, 0x02, 0x10)
        let file = try volume.file(inode)
        let end = Int(asked.offset + asked.length)
        guard asked.mode & ~(keepSize | punchHole | zeroRange) == 0 else {
            throw Refusal(EOPNOTSUPP)
        }
        if asked.mode & (punchHole | zeroRange) != 0 {
            let covered = (Int(asked.offset)..<end).clamped(to: 0..<file.content.count)
            let zeros = [UInt8](repeating: 0, count: covered.count)
            zeros.withUnsafeBytes { file.write($0, at: covered.lowerBound) }
        }
        if asked.mode & keepSize == 0, end > file.content.count {
            try volume.resize(inode, to: end)
        }
        return .done
    }
}

// MARK: Names

extension Answers {
    private func rename(
        in parent: UInt64, to newParent: UInt64, flags: UInt32, _ names: UnsafeRawBufferPointer
    ) throws(Refusal) -> Answer {
        let name = Self.name(names)
        let newName = Self.name(UnsafeRawBufferPointer(rebasing: names[(name.utf8.count + 1)...]))
        let noReplace: UInt32 = 1
        guard flags & ~noReplace == 0 else { throw Refusal(EINVAL) }
        if flags == noReplace, try volume.folder(newParent).entries[newName] != nil {
            throw Refusal(EEXIST)
        }
        try volume.rename(name, in: parent, to: newName, in: newParent)
        return .done
    }

    private func names(_ inode: UInt64, _ asked: fuse_read_in) throws(Refusal) -> Answer {
        let entries = try volume.folder(inode).entries.sorted { $0.key < $1.key }
        let all = [(".", inode), ("..", Volume.root)] + entries.map { ($0.key, $0.value) }
        var answer: [UInt8] = []
        for (index, (name, inode)) in all.enumerated().dropFirst(Int(asked.offset)) {
            // The record of fuse.h: number, place of the next, length, kind; the name, filled up.
            let kind = try attributesOnly(inode).mode >> 12
            var entry: [UInt8] = []
            withUnsafeBytes(of: (inode, UInt64(index + 1))) { entry += $0 }
            withUnsafeBytes(of: (UInt32(name.utf8.count), kind)) { entry += $0 }
            entry += name.utf8
            entry += [UInt8](repeating: 0, count: -entry.count & 7)
            guard answer.count + entry.count <= Int(asked.size) else { break }
            answer += entry
        }
        return .bytes(answer)
    }
}
