// SPDX-License-Identifier: Apache-2.0
// The paths that Tests/HotPaths can drive, and how long it takes to see what a message costs there.
import Foundation

enum Path: String, CaseIterable {
    case qos0, qos1, qos2, qos2Wide, qos2Durable, qos2FanOut, connecting

    /// Messages, or connections, of the short run; the long one has three times as many.
    private var count: Int {
        switch self {
        case .qos0, .qos1, .qos2, .qos2Wide, .qos2Durable: 2000
        case .qos2FanOut: 100
        case .connecting: 400
        }
    }

    /// With a cost `planted` on the way of every byte, if that is asked for.
    func profile(planted: Bool = false) throws -> Profile {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "budget-\(rawValue)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = try [count, 3 * count].map { count in
            let file = folder.appending(path: "\(count)")
            // What clients do between the turns is not counted, nor does chance choose hashes.
            _ = try Tool.run(
                "valgrind",
                [
                    "--tool=callgrind", "--callgrind-out-file=\(file.path)", "--compress-pos=no",
                    "--compress-strings=no", "--toggle-collect=$s8HotPaths5TurnsV4turnyyF",
                    try Self.program(), rawValue, "\(count)",
                ] + (planted ? ["--planted"] : []),
                environment: ["SWIFT_DETERMINISTIC_HASHING": "1"])
            return file
        }
        return try Profile(from: files[0], to: files[1], 2 * count)
    }

    private static func program() throws -> String {
        guard let program = ProcessInfo.processInfo.environment["QOS2_HOT_PATHS"] else {
            throw ToolFailed(description: "QOS2_HOT_PATHS does not name the release of HotPaths")
        }
        return program
    }
}
