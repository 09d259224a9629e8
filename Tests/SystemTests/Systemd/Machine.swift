// SPDX-License-Identifier: Apache-2.0
//
// A freshly booted Debian with systemd, in which deploy/install has laid everything in place. Each
// run has a machine of its own; the root below it is made once and kept in .cache.
import Foundation
import Testing

struct Machine {
    /// What a script said and how it ended.
    struct Run {
        let status: Int32
        let output: String

        var lines: [Substring] { output.split(separator: "\n") }
    }

    private static let cache = Repository.cache.appending(path: "machine")

    /// Made once in a run of the tests; nil when that failed.
    private static let installed: URL? = {
        let tree = Repository.cache.appending(path: "installed")
        try? FileManager.default.removeItem(at: tree)
        let made = try? output(of: Repository.file("deploy/install").path, [tree.path])
        return made == nil ? nil : tree
    }()

    /// Runs the lines of a shell script as root; the first command that fails ends it.
    static func run(_ script: String) throws -> Run {
        let tree = try #require(installed, "deploy/install failed")
        let prelude = """
            set -euo pipefail
            systemd-sysusers qos2.conf && systemd-tmpfiles --create qos2.conf
            journalctl --update-catalog && systemctl daemon-reload
            database=/var/lib/qos2/subscriber/telemetry.db
            until_true() { for _ in $(seq 200); do ! eval "$1" || return 0; sleep 0.1; done
                echo "never: $1"; journalctl --no-pager -n 40; return 1; }
            rows() { sqlite3 -readonly $database 'SELECT count(*) FROM readings' 2>/dev/null || echo 0; }

            """
        let file = FileManager.default.temporaryDirectory
            .appending(path: "machine-\(UUID().uuidString)")
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = Repository.file("Tests/SystemTests/Systemd/boot")
        process.arguments =
            [
                "--cache", cache.path, "--packages", "libsqlite3-0,sqlite3",
                "--install", tree.path, "--timeout", "120", "--",
            ] + ["bash", "-c", prelude + script]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: file)
        process.standardError = process.standardOutput
        try process.runWithOpenSignals()
        process.waitUntilExit()
        return Run(
            status: process.terminationStatus,
            output: try String(contentsOf: file, encoding: .utf8))
    }
}
