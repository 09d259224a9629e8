// SPDX-License-Identifier: Apache-2.0
//
// A folder, a port and the release programs: what a test needs to set up a broker with its
// companions. `Tests/run` builds the programs and names their folder in QOS2_BINARIES.
import Foundation
import Testing

enum Repository {
    static let top = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let cache = top.appending(path: ".cache")
    static let python = cache.appending(path: "venv/bin/python")

    static func file(_ path: String) -> URL { top.appending(path: path) }

    static func program(_ name: String) throws -> URL {
        let folder = try #require(
            ProcessInfo.processInfo.environment["QOS2_BINARIES"],
            "QOS2_BINARIES must name the folder of the programs: run Tests/run")
        return URL(filePath: folder).appending(path: name)
    }
}

final class Stage {
    let folder: URL
    let port: UInt16

    init() throws {
        // Short, because a Unix socket may lie in it; open to all, because some tests drop root.
        folder = URL(filePath: "/tmp/qos2-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o755])
        port = try freePort()
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    var database: URL { folder.appending(path: "telemetry.db") }

    func write(_ name: String, _ text: String) throws -> String {
        let file = folder.appending(path: name)
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    func start(
        _ program: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> Program {
        try Program(
            Repository.program(program), arguments, in: folder, environment: environment)
    }

    func startBroker(_ settings: String = "") throws -> Program {
        let file = try write("broker.conf", settings + "listener \(port) 127.0.0.1\n")
        let broker = try start("qos2-broker", ["-c", file])
        try broker.wait(for: "an open port", until: { accepts(port) })
        return broker
    }

    func startSubscriber(at brokerPort: UInt16? = nil) throws -> Program {
        let file = try write(
            "subscriber.conf",
            "broker 127.0.0.1:\(brokerPort ?? port)\ndatabase sqlite:\(database.path)\n")
        let subscriber = try start("database-subscriber", ["run", "-c", file])
        try subscriber.waitFor("subscribed")
        return subscriber
    }

    func startPublisher(
        _ settings: String = "", at brokerPort: UInt16? = nil, replay: URL? = nil, rate: Int = 0,
        command: [String] = ["run"]
    ) throws -> Program {
        let file = try write(
            "publisher.conf",
            "broker 127.0.0.1:\(brokerPort ?? port)\nclient_id plc-line1\n\(settings)\n")
        let replaying = replay.map { ["--replay", $0.path, "--rate", "\(rate)"] } ?? []
        return try start("plc-publisher", command + ["-c", file] + replaying)
    }

    /// A CSV of readings that all differ.
    func recording(of count: Int) throws -> URL {
        let lines = (1...count).map { "2026-01-01T00:00:00.000Z,\(20 + $0 % 10).25,1.\($0)" }
        let text = "ts,temperature,pressure\n" + lines.joined(separator: "\n") + "\n"
        return URL(filePath: try write("recording.csv", text))
    }

    /// What SQLite's own shell answers, beside the running subscriber. One that was killed leaves a
    /// log that its successor recovers under a lock: that is waited for.
    func query(_ sql: String) throws -> String {
        try output(
            of: "/usr/bin/sqlite3",
            ["-readonly", "-cmd", ".timeout 10000", database.path, sql])
    }

    func rows() throws -> Int {
        FileManager.default.fileExists(atPath: database.path)
            ? Int(try query("SELECT count(*) FROM readings")) ?? 0 : 0
    }
}

/// What a command prints that must succeed.
func output(of command: String, _ arguments: [String], input: URL? = nil) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: command)
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardInput =
        try input.map { try FileHandle(forReadingFrom: $0) } ?? FileHandle.nullDevice
    try process.runWithOpenSignals()
    let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(command) \(arguments) failed")
    return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
}
