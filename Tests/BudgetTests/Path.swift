// SPDX-License-Identifier: Apache-2.0
// The paths that have a budget, and how long it takes to see what a message costs there. Tests/HotPaths
// drives the engine through all but the last, which is the whole broker.
import Foundation

enum Path: String, CaseIterable {
    case qos0, qos1, qos2, qos2Wide, qos2Durable, qos2FanOut, connecting
    /// One packet in each turn of the loop, with all that a turn costs.
    case alone

    /// Messages, or connections, of the short run; the long one has three times as many.
    private var count: Int {
        switch self {
        case .qos0, .qos1, .qos2, .qos2Wide, .qos2Durable: 2000
        case .qos2FanOut: 100
        case .connecting: 400
        case .alone: 1000
        }
    }

    /// More than the budget by this is no news. Allocations are few: a twentieth of one a message is a new
    /// one in every fifth read. The whole broker has some that go by the clock, and messages take the
    /// time that the machine takes; a new one in each turn would be four a message.
    var strayAllocations: Double { self == .alone ? 0.5 : 0.05 }

    /// With a cost `planted` on the way of every byte, if that is asked for.
    func profile(planted: Bool = false) throws -> Profile {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "budget-\(rawValue)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = try [count, 3 * count].map { count in
            let file = folder.appending(path: "\(count)")
            if self == .alone {
                try Self.serve(count, countingInto: file, in: folder)
            } else {
                _ = try Tool.run(
                    "valgrind",
                    Self.counting("$s8HotPaths5TurnsV4turnyyF", into: file)
                        + [try Self.program("HotPaths"), rawValue, "\(count)"]
                        + (planted ? ["--planted"] : []),
                    environment: Self.environment)
            }
            return file
        }
        return try Profile(from: files[0], to: files[1], 2 * count)
    }

    /// What is outside of the turns is not counted.
    private static func counting(_ turn: String, into file: URL) -> [String] {
        [
            "--tool=callgrind", "--callgrind-out-file=\(file.path)", "--compress-pos=no",
            "--compress-strings=no", "--toggle-collect=\(turn)",
        ]
    }

    /// Chance does not choose hashes.
    private static let environment = ["SWIFT_DETERMINISTIC_HASHING": "1"]

    /// So many messages through the broker, so far apart that none meets another. Where the machine is
    /// too slow for that they share turns, and cost less.
    private static func serve(_ count: Int, countingInto file: URL, in folder: URL) throws {
        let port = "\(Int.random(in: 20_000..<32_000))"
        let configuration = folder.appending(path: "broker-\(count).conf")
        try """
        listener \(port) 127.0.0.1
        persistence_location \(folder.path)/store-\(count)
        log_dest stdout
        log_handshakes never
        """.write(to: configuration, atomically: true, encoding: .utf8)
        let broker = try BackgroundTool(
            "valgrind",
            counting("$s7Reactor9EventLoopC4turn3foryAA7Service_p_tF", into: file)
                + [try program("qos2-broker"), "-c", configuration.path],
            environment: environment)
        try broker.wait(for: "listening on")
        _ = try Tool.run(
            try program("qos2-bench"),
            ["run", "-p", port, "--payload", "64", "--rate", "1000", "--no-progress"]
                + ["--messages", "\(count)"])
        try broker.stop()
    }

    private static func program(_ name: String) throws -> String {
        guard let folder = ProcessInfo.processInfo.environment["QOS2_HOT_PATHS"] else {
            throw ToolFailed(description: "QOS2_HOT_PATHS does not name the folder of HotPaths")
        }
        return "\(folder)/\(name)"
    }
}
