// SPDX-License-Identifier: Apache-2.0
//
// A file that gets each reading, as it will be published, before the outbox gets it: what a later
// proof starts from. After a crash a number may come twice; then its last line counts, for the
// outbox did not know of the earlier one.
import Glibc
import Reactor

final class Ledger {
    private let path: String
    private let descriptor: Int32
    private var size: off_t

    /// Goes on behind the last whole line: an unfinished one is of a reading that was never taken.
    init(_ path: String) throws(SystemError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError(operation: "open", subject: path) }
        size = lseek(descriptor, 0, SEEK_END)
        try cutUnfinishedLine()
    }

    deinit { close(descriptor) }

    /// Writes the line whole or not at all.
    func append(_ payload: [UInt8]) throws(SystemError) {
        let line = payload + [UInt8(ascii: "\n")]
        let count = write(descriptor, line, line.count)
        guard count == line.count else {
            // A short write is a disk that has just become full.
            let error = SystemError(
                operation: "write", subject: path, errno: count < 0 ? errno : ENOSPC)
            if count > 0 { try cut(to: size) }
            throw error
        }
        size += off_t(count)
    }

    private func cutUnfinishedLine() throws(SystemError) {
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        var end = size
        while end > 0 {
            let start = max(0, end - off_t(piece.count))
            let count = pread(descriptor, &piece, Int(end - start), start)
            guard count == Int(end - start) else {
                throw SystemError(operation: "read", subject: path)
            }
            if let last = piece[..<count].lastIndex(of: UInt8(ascii: "\n")) {
                return try cut(to: start + off_t(last) + 1)
            }
            end = start
        }
        try cut(to: 0)
    }

    private func cut(to end: off_t) throws(SystemError) {
        guard end < size || lseek(descriptor, 0, SEEK_END) > end else { return }
        guard ftruncate(descriptor, end) == 0 else {
            throw SystemError(operation: "truncate", subject: path)
        }
        size = end
    }
}

/// The ledger could not be written, for another reason than a full disk.
struct LedgerError: Error {
    let cause: SystemError
}

extension SystemError {
    /// No room is left: it may come back.
    var isFull: Bool { errno == ENOSPC || errno == EDQUOT }
}
