// SPDX-License-Identifier: Apache-2.0
//
// What a process has used so far, as the kernel counts it: its CPU clock, and what is in /proc.
import Glibc

struct ProcessUse {
    /// Of all its threads, also of those that have ended.
    var cpuNanoseconds: Int64 = 0
    /// The most memory it has had, and what it has now, in bytes.
    var peakResident: Int64 = 0
    var resident: Int64 = 0
    /// System calls that write, to files and to sockets; nil where we may not see it.
    var writeCalls: Int64?
    /// System calls that read.
    var readCalls: Int64?
    /// Bytes that went to a disk, or will.
    var diskBytes: Int64?

    /// Nil where there is no such process.
    init?(of pid: Int32) {
        guard let cpu = Self.cpu(of: pid), let status = contents(of: "/proc/\(pid)/status") else {
            return nil
        }
        cpuNanoseconds = cpu
        peakResident = (Self.number("VmHWM", in: status) ?? 0) * 1024
        resident = (Self.number("VmRSS", in: status) ?? 0) * 1024
        guard let io = contents(of: "/proc/\(pid)/io") else { return }
        readCalls = Self.number("syscr", in: io)
        writeCalls = Self.number("syscw", in: io)
        diskBytes = Self.number("write_bytes", in: io)
    }

    /// To the nanosecond, where /proc/PID/stat counts ticks of ten milliseconds.
    private static func cpu(of pid: Int32) -> Int64? {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else {
            return nil
        }
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// The first word behind `name:`.
    private static func number(_ name: String, in text: String) -> Int64? {
        for line in text.split(separator: "\n") where line.hasPrefix("\(name):") {
            return line.dropFirst(name.count + 1).split(whereSeparator: \.isWhitespace).first
                .flatMap { Int64($0) }
        }
        return nil
    }
}

/// A small file as text; nil where it cannot be read.
func contents(of path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16_384)
    while true {
        let count = read(descriptor, &piece, piece.count)
        if count < 0 { return nil }
        if count == 0 { return String(decoding: bytes, as: UTF8.self) }
        bytes += piece[..<count]
    }
}
