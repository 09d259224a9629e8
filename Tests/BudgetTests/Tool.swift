// SPDX-License-Identifier: Apache-2.0
// Programs that a test runs to their end.
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
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "budget-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = ["in", "out", "err"].map { folder.appending(path: $0) }
        try input.write(to: files[0], atomically: false, encoding: .utf8)
        for file in files[1...] { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.environment = ProcessInfo.processInfo.environment
            .merging(environment, uniquingKeysWith: { $1 })
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let complaint = try String(contentsOf: files[2], encoding: .utf8)
            throw ToolFailed(description: "\(program) failed: \(complaint.suffix(2000))")
        }
        return try String(contentsOf: files[1], encoding: .utf8)
    }
}
