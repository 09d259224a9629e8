// SPDX-License-Identifier: Apache-2.0
// The whole file system: files and folders by number, the space they may take, and the faults that
// a test has ordered. What the kernel's words mean is said elsewhere; errors are its numbers.
import Glibc

/// An error number, as the kernel is told it.
struct Refusal: Error {
    let errno: Int32

    init(_ errno: Int32) { self.errno = errno }
}

enum Node {
    case file(StoredFile)
    case folder(StoredFolder)
}

final class Volume {
    static let root: UInt64 = 1
    static let blockSize = 4096

    private(set) var nodes: [UInt64: Node] = [root: .folder(StoredFolder())]
    private var modes: [UInt64: UInt32] = [root: 0o755]
    private var opened: [UInt64: Int] = [:]
    private var nextInode = root + 1

    var quota = 4 << 30
    /// Every sync answers that it did, and does nothing: the fault that ends all promises.
    var liesAboutSyncs = false
    var faults = Faults()

    // MARK: Looking

    func file(_ inode: UInt64) throws(Refusal) -> StoredFile {
        switch nodes[inode] {
        case .file(let file): return file
        case .folder: throw Refusal(EISDIR)
        case nil: throw Refusal(ESTALE)
        }
    }

    func folder(_ inode: UInt64) throws(Refusal) -> StoredFolder {
        switch nodes[inode] {
        case .folder(let folder): return folder
        case .file: throw Refusal(ENOTDIR)
        case nil: throw Refusal(ESTALE)
        }
    }

    func inode(of name: String, in parent: UInt64) throws(Refusal) -> UInt64 {
        guard let inode = try folder(parent).entries[name] else { throw Refusal(ENOENT) }
        return inode
    }

    func permissions(of inode: UInt64) -> UInt32 { modes[inode] ?? 0 }

    func setPermissions(of inode: UInt64, to mode: UInt32) { modes[inode] = mode & 0o7777 }

    /// In whole blocks. What was removed but could come back takes no space from others.
    var used: Int {
        var counted = Set(opened.keys)
        for case .folder(let folder) in nodes.values { counted.formUnion(folder.entries.values) }
        return counted.reduce(0) { sum, inode in
            guard case .file(let file) = nodes[inode] else { return sum }
            return sum + Self.blocks(file.content.count) * Self.blockSize
        }
    }

    static func blocks(_ size: Int) -> Int { (size + blockSize - 1) / blockSize }

    // MARK: Changing

    func make(_ name: String, in parent: UInt64, _ node: Node, mode: UInt32) throws(Refusal)
        -> UInt64
    {
        let folder = try folder(parent)
        guard folder.entries[name] == nil else { throw Refusal(EEXIST) }
        let inode = nextInode
        nextInode += 1
        nodes[inode] = node
        setPermissions(of: inode, to: mode)
        folder.set([(name, inode)])
        return inode
    }

    func remove(_ name: String, from parent: UInt64) throws(Refusal) {
        let inode = try inode(of: name, in: parent)
        if case .folder(let folder) = nodes[inode], !folder.entries.isEmpty {
            throw Refusal(ENOTEMPTY)
        }
        try folder(parent).set([(name, nil)])
    }

    func rename(
        _ name: String, in parent: UInt64, to newName: String, in newParent: UInt64
    ) throws(Refusal) {
        let inode = try inode(of: name, in: parent)
        if parent == newParent {
            try folder(parent).set([(name, nil), (newName, inode)])
        } else {
            try folder(newParent).set([(newName, inode)])
            try folder(parent).set([(name, nil)])
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, to inode: UInt64, at offset: Int) throws(Refusal) {
        let file = try file(inode)
        try faults.strike(.write)
        try haveRoom(for: offset + bytes.count, in: file)
        file.write(bytes, at: offset)
    }

    func resize(_ inode: UInt64, to size: Int) throws(Refusal) {
        let file = try file(inode)
        try haveRoom(for: size, in: file)
        file.resize(to: size)
    }

    private func haveRoom(for size: Int, in file: StoredFile) throws(Refusal) {
        let more = Self.blocks(size) - Self.blocks(file.content.count)
        guard more > 0, used + more * Self.blockSize > quota else { return }
        throw Refusal(ENOSPC)
    }

    func sync(_ inode: UInt64) throws(Refusal) {
        guard let node = nodes[inode] else { throw Refusal(ESTALE) }
        do throws(Refusal) {
            try faults.strike(.sync)
        } catch {
            if case .file(let file) = node { file.failSync() }
            throw error
        }
        guard !liesAboutSyncs else { return }
        switch node {
        case .file(let file): file.sync()
        case .folder(let folder):
            folder.sync()
            forgetUnreachable()
        }
    }

    func opened(_ inode: UInt64) { opened[inode, default: 0] += 1 }

    func released(_ inode: UInt64) {
        opened[inode, default: 1] -= 1
        guard opened[inode] == 0 else { return }
        opened[inode] = nil
        forgetUnreachable()
    }

    private func forgetUnreachable() {
        var reached: Set<UInt64> = []
        var open = [Self.root] + opened.keys
        while let inode = open.popLast() {
            guard reached.insert(inode).inserted, case .folder(let folder) = nodes[inode] else {
                continue
            }
            open += folder.reachable
        }
        nodes = nodes.filter { reached.contains($0.key) }
        modes = modes.filter { reached.contains($0.key) }
    }

    // MARK: Cutting

    /// The power is gone and has come back: nothing is open, and the disk has what it has.
    func cut(seed: UInt64, leaving remains: Remains) {
        var random = SplitMix64(seed: seed)
        for inode in nodes.keys.sorted() {
            switch nodes[inode]! {
            case .file(let file): file.cut(leaving: remains, using: &random)
            case .folder(let folder): folder.cut(using: &random)
            }
        }
        opened = [:]
        faults = Faults()
        forgetUnreachable()
    }

    /// Nothing is open any more, as after the end of all programs.
    func releaseAll() {
        opened = [:]
        forgetUnreachable()
    }

    var status: String {
        var unsynced = 0
        for node in nodes.values {
            switch node {
            case .file(let file): unsynced += file.unsyncedCount
            case .folder(let folder): unsynced += folder.unsyncedCount
            }
        }
        return "used \(used) quota \(quota) unsynced \(unsynced) writes \(faults.writes) "
            + "syncs \(faults.syncs) struck \(faults.struck)"
    }
}

/// Which calls fail with an I/O error: the one that a test has counted out.
struct Faults {
    enum Kind { case write, sync }

    private(set) var writes = 0
    private(set) var syncs = 0
    private(set) var struck = 0
    private var failing: (kind: Kind, number: Int)?

    /// The `count`th call from now on.
    mutating func fail(_ kind: Kind, after count: Int) {
        failing = (kind, (kind == .write ? writes : syncs) + count)
    }

    mutating func strike(_ kind: Kind) throws(Refusal) {
        if kind == .write { writes += 1 } else { syncs += 1 }
        guard let failing, failing.kind == kind,
            failing.number == (kind == .write ? writes : syncs)
        else { return }
        struck += 1
        throw Refusal(EIO)
    }
}
