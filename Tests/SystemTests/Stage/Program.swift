// SPDX-License-Identifier: Apache-2.0
//
// A real process, started and watched by a test. What it says goes to a file, in which the test waits
// for a named line; nothing here sleeps for a time that somebody guessed.
import Foundation
import Testing

/// The test gave up waiting.
struct NeverHappened: Error, CustomStringConvertible {
    let what: String
    let log: String

    var description: String { "\(what) never happened; the log:\n\(log)" }
}

final class Program {
    let name: String
    private let process = Process()
    private let logFile: URL

    /// Output and errors go to one file in `folder`, which also becomes the state directory.
    init(
        _ executable: URL, _ arguments: [String] = [], in folder: URL,
        environment: [String: String] = [:]
    ) throws {
        name = executable.lastPathComponent
        logFile = folder.appending(path: "\(name)-\(UUID().uuidString.prefix(8)).log")
        _ = FileManager.default.createFile(atPath: logFile.path, contents: nil)
        let log = try FileHandle(forWritingTo: logFile)
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment
            .merging(["STATE_DIRECTORY": folder.path], uniquingKeysWith: { $1 })
            .merging(environment, uniquingKeysWith: { $1 })
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = log
        process.standardError = log
        try process.runWithOpenSignals()
    }

    deinit {
        if process.isRunning {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    var isRunning: Bool { process.isRunning }

    var pid: Int32 { process.processIdentifier }

    var log: String { (try? String(contentsOf: logFile, encoding: .utf8)) ?? "" }

    var lines: [Substring] { log.split(separator: "\n") }

    func waitFor(_ text: String, within limit: Duration = .seconds(60)) throws {
        try wait(for: "'\(text)' of \(name)", within: limit) { log.contains(text) }
    }

    /// Looks every 10 ms until the condition holds; ends early when the process has ended.
    func wait(
        for what: String, within limit: Duration = .seconds(60), until holds: () throws -> Bool
    ) throws {
        let end = ContinuousClock.now + limit
        while true {
            let wasRunning = process.isRunning
            if try holds() { return }
            guard wasRunning, ContinuousClock.now < end else {
                throw NeverHappened(what: what, log: log)
            }
            usleep(10_000)
        }
    }

    /// The exit status, once it has ended by itself.
    func end(within limit: Duration = .seconds(30)) throws -> Int32 {
        try wait(for: "the end of \(name)", within: limit) { !process.isRunning }
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Asks it to stop, as systemd does, and gives back its exit status.
    func stop() throws -> Int32 {
        kill(pid, SIGTERM)
        return try end()
    }

    /// No time to say goodbye.
    func crash() {
        kill(pid, SIGKILL)
        process.waitUntilExit()
    }
}

extension Process {
    /// A child inherits the signals that the calling thread blocks, and those of tests block nearly
    /// all: a child that has no signalfd would never hear SIGTERM.
    func runWithOpenSignals() throws {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try run()
    }
}
