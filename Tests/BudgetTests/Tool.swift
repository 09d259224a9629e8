// SPDX-License-Identifier: Apache-2.0
// Programs that a test runs to their end, or until it has seen enough of them.
import Foundation

struct ToolFailed: Error, CustomStringConvertible {
    let description: String
}

enum Tool {
    /// What the program says. What it complains of is in the error, if it fails.
    static func run(
        _ program: String, _ arguments: [String], input: String = "",
        environment: [String: String] = [:]
    ) throws -> String {
        let tool = try BackgroundTool(
            program, arguments, input: input, environment: environment)
        return try tool.outcome()
    }
}

/// One that goes on while the test does something else.
final class BackgroundTool {
    private let process = Process()
    private let program: String
    private let folder: URL

    init(
        _ program: String, _ arguments: [String], input: String = "",
        environment: [String: String] = [:]
    ) throws {
        self.program = program
        folder = FileManager.default.temporaryDirectory
            .appending(path: "budget-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let files = ["in", "out", "err"].map { [folder] in folder.appending(path: $0) }
        try input.write(to: files[0], atomically: false, encoding: .utf8)
        for file in files[1...] { try Data().write(to: file) }
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.environment = ProcessInfo.processInfo.environment
            .merging(environment, uniquingKeysWith: { $1 })
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
    }

    deinit {
        if process.isRunning {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        try? FileManager.default.removeItem(at: folder)
    }

    /// Waits until it has said `text`, for a minute at most.
    func wait(for text: String) throws {
        let end = ContinuousClock.now + .seconds(60)
        while try !said("out").contains(text) {
            guard process.isRunning, ContinuousClock.now < end else {
                throw ToolFailed(
                    description: "\(program) never said '\(text)': \(try said("err").suffix(2000))")
            }
            usleep(20_000)
        }
    }

    /// Asks it to end, which is no failure then.
    func stop() throws {
        process.terminate()
        _ = try outcome()
    }

    /// What it said, when it has ended.
    func outcome() throws -> String {
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw ToolFailed(description: "\(program) failed: \(try said("err").suffix(2000))")
        }
        return try said("out")
    }

    private func said(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }
}
