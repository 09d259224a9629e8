// SPDX-License-Identifier: Apache-2.0
// The loop: answers the kernel and the test, one question at a time, so that between any two of
// them the file system is in one certain state, in which it can be frozen.
import CFuse
import Glibc

final class Server {
    private let mountPoint: String
    private let volume = Volume()
    private var connection: FuseConnection
    private var typed: [UInt8] = []
    /// How many changes there will be until it freezes; nil when nobody asked.
    private var freezing: (left: Int, carriesOut: Bool)?
    private var isFrozen = false

    init(mountPoint: String) throws(SystemFailure) {
        self.mountPoint = mountPoint
        connection = try FuseConnection(mountedAt: mountPoint)
    }

    /// Until standard input ends.
    func run() throws {
        say("mounted")
        while true {
            var waiting = [pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)]
            // What is frozen is not even read: whoever asked can still be killed.
            if !isFrozen {
                waiting.append(
                    pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0))
            }
            guard poll(&waiting, nfds_t(waiting.count), -1) >= 0 || errno == EINTR else {
                throw SystemFailure(operation: "poll")
            }
            if waiting[0].revents != 0, try !readOrders() { return }
            while !isFrozen, let request = try connection.next() { try serve(request) }
        }
    }

    private func serve(_ request: FuseRequest) throws {
        let freezes = isLast(request)
        if freezes, let freezing, !freezing.carriesOut { return freeze() }
        let answer: Answer
        do throws(Refusal) {
            answer = try Answers(volume: volume).answer(request)
        } catch {
            if freezes { return freeze() }
            try connection.refuse(request, error)
            return
        }
        if freezes { return freeze() }
        switch answer {
        case .silence: break
        case .bytes(let bytes): try bytes.withUnsafeBytes { try connection.answer(request, $0) }
        case .part(let part): try connection.answer(request, part)
        }
    }

    private static let changes: Set<UInt32> = Set(
        [
            FUSE_WRITE, FUSE_FSYNC, FUSE_FSYNCDIR, FUSE_CREATE, FUSE_UNLINK, FUSE_RENAME,
            FUSE_RENAME2, FUSE_MKDIR, FUSE_SETATTR, FUSE_FALLOCATE,
        ].map { UInt32($0.rawValue) })

    /// Whether this is the change that a test counts down to.
    private func isLast(_ request: FuseRequest) -> Bool {
        guard let freezing, Self.changes.contains(request.header.opcode) else { return false }
        self.freezing?.left -= 1
        return freezing.left <= 1
    }

    private func freeze() {
        freezing = nil
        isFrozen = true
        say("frozen")
    }

    // MARK: Orders

    /// False when there will be no more.
    private func readOrders() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(STDIN_FILENO, &buffer, buffer.count)
        guard count > 0 else { return false }
        typed += buffer[..<count]
        while let end = typed.firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: typed[..<end], as: UTF8.self)
            typed.removeSubrange(...end)
            guard let order = Order(line) else {
                say("no such order: \(line); there are: \(Order.usage)")
                continue
            }
            try obey(order)
        }
        return true
    }

    private func obey(_ order: Order) throws {
        switch order {
        case .freeze(let count, let carriesOut):
            freezing = (count, carriesOut)
            return  // Answered when it is so.
        case .cut(let seed, let remains):
            try mountAnew { volume.cut(seed: seed, leaving: remains) }
        case .quota(let bytes): volume.quota = bytes
        case .fail(let kind, let count): volume.faults.fail(kind, after: count)
        case .damage(let path, let offset, let count, let seed):
            try damage(path, offset..<(offset + count), seed)
        case .lie(let lies): volume.liesAboutSyncs = lies
        case .status:
            say(volume.status)
            return
        }
        say("done")
    }

    private func damage(_ path: String, _ range: Range<Int>, _ seed: UInt64) throws {
        var inode = Volume.root
        for name in path.split(separator: "/") {
            inode = try volume.inode(of: String(name), in: inode)
        }
        let file = try volume.file(inode)
        var random = SplitMix64(seed: seed)
        // The kernel must not go on with what it has read.
        try mountAnew {
            volume.releaseAll()
            file.damage(range, using: &random)
        }
    }

    /// Whoever uses the old mount hears of nothing any more.
    private func mountAnew(_ change: () -> Void) throws(SystemFailure) {
        connection.end()
        change()
        connection = try FuseConnection(mountedAt: mountPoint)
        isFrozen = false
        freezing = nil
    }

    private func say(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        guard write(STDOUT_FILENO, bytes, bytes.count) == bytes.count else { exit(EXIT_FAILURE) }
    }
}
