// SPDX-License-Identifier: Apache-2.0
//
// A mount of the tests' own file system, whose un-synced writes vanish, and the orders it takes.
import Foundation
import Testing

final class LosingMount {
    let folder: URL
    private let process = Process()
    private let orders = Pipe()
    private let answers = Pipe()
    private var read: [UInt8] = []

    /// Only root may mount, and not every container has the device.
    static let isPossible =
        geteuid() == 0 && FileManager.default.isWritableFile(atPath: "/dev/fuse")

    init(in stage: Stage) throws {
        folder = stage.folder.appending(path: "disk")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let scratch = try #require(
            ProcessInfo.processInfo.environment["QOS2_SCRATCH"], "run Tests/run")
        process.executableURL = URL(filePath: scratch).appending(path: "debug/LosingFileSystem")
        process.arguments = [folder.path]
        process.standardInput = orders
        process.standardOutput = answers
        try process.runWithOpenSignals()
        #expect(try answer() == "mounted")
    }

    deinit {
        try? orders.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Gives an order that is obeyed at once, and returns the answer.
    @discardableResult
    func order(_ line: String) throws -> String {
        try say(line)
        let answer = try answer()
        try #require(!answer.hasPrefix("no such order"), "\(answer)")
        return answer
    }

    func say(_ line: String) throws {
        try orders.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8))
    }

    /// The next line that it says.
    func answer(within seconds: Int32 = 30) throws -> String {
        let descriptor = answers.fileHandleForReading.fileDescriptor
        while true {
            if let end = read.firstIndex(of: UInt8(ascii: "\n")) {
                defer { read.removeSubrange(...end) }
                return String(decoding: read[..<end], as: UTF8.self)
            }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, seconds * 1000) > 0 else {
                throw NeverHappened(what: "an answer of the losing file system", log: "")
            }
            var piece = [UInt8](repeating: 0, count: 4096)
            let count = Glibc.read(descriptor, &piece, piece.count)
            try #require(count > 0, "the losing file system has ended")
            read += piece[..<count]
        }
    }

    /// Bytes of its files.
    func used() throws -> Int {
        let words = try order("status").split(separator: " ")
        return try #require(words.count > 1 ? Int(words[1]) : nil)
    }
}
