// SPDX-License-Identifier: Apache-2.0
//
// The loader's commands against a real broker: what they print, and that a comparison starts and
// ends its brokers by itself.
import Foundation
import Testing

@Suite(.serialized) struct PipelineBench {
    private func bench(_ words: [String]) throws -> String {
        try output(of: Repository.program("qos2-bench").path, words)
    }

    private func object(_ text: String) throws -> [String: Any] {
        let line = try #require(text.split(separator: "\n").last)
        let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
        return try #require(value as? [String: Any])
    }

    /// Of 10,000 each takes 570 bytes. With 3,000 there is more of what is shared, and those who come
    /// after them find it all.
    @Test func idleConnectionsAreCountedInBytes() throws {
        let stage = try Stage()
        let broker = try stage.startBroker()
        let words = [
            "idle", "--json", "--port", "\(stage.port)", "--connections", "3000", "--hold", "0.2",
            "--mqtt-version", "3.1.1", "--broker-pid", "\(broker.pid)",
        ]
        let bytes = try #require(object(bench(words))["bytes_per_connection"] as? Int)
        #expect(bytes > 0 && bytes < 900)
        let later = try #require(object(bench(words))["bytes_per_connection"] as? Int)
        #expect(later < 50)
    }

    @Test func connectionsComeAndGo() throws {
        let stage = try Stage()
        let broker = try stage.startBroker()
        let words = [
            "churn", "--json", "--port", "\(stage.port)", "--seconds", "0.5", "--broker-pid",
            "\(broker.pid)",
        ]
        let cycles = try #require(object(bench(words))["cycles"] as? Int)
        #expect(cycles > 20)
    }

    @Test func aLoadIsDrawn() throws {
        let stage = try Stage()
        let broker = try stage.startBroker()
        let file = stage.folder.appending(path: "load.svg")
        let text = try bench([
            "run", "--port", "\(stage.port)", "--seconds", "0.5", "--warm-up", "0.2", "--histogram",
            "--plot", file.path, "--no-progress",
        ])
        #expect(text.contains("lost 0, doubled 0, reordered 0"))
        #expect(text.contains("█"))
        #expect(try String(contentsOf: file, encoding: .utf8).hasSuffix("</svg>\n"))
        #expect(broker.isRunning)
    }

    @Test func brokersAreComparedInTurn() throws {
        let stage = try Stage()
        let own = try Repository.program("qos2-broker").path
        let text = try bench([
            "compare", "--rounds", "1", "--seconds", "0.3", "--load", "10-10-w100", "--load",
            "durable-10-10", "--mosquitto", "/nowhere", "--broker", "again=\(own) -p %p",
            "--folder",
            stage.folder.appending(path: "compare").path,
        ])
        #expect(text.contains("| case | qos2 | again |"))
        #expect(text.matches(of: /\| 10-10-w100 \| [0-9.]+ \(/).count == 1)
        #expect(!text.contains("failed"))
    }

    @Test func aRunThatFailsTellsWhy() throws {
        let stage = try Stage()
        let own = try Repository.program("qos2-broker").path
        let file = stage.folder.appending(path: "strict.conf")
        try "allow_anonymous false\n".write(to: file, atomically: true, encoding: .utf8)
        let comparison = try stage.start(
            "qos2-bench",
            [
                "compare", "--rounds", "1", "--seconds", "0.3", "--load", "10-10-w100",
                "--mosquitto", "/nowhere", "--broker", "strict=\(own) -c \(file.path) -p %p",
                "--folder", stage.folder.appending(path: "compare").path,
            ])
        #expect(try comparison.end(within: .seconds(60)) == 2)
        #expect(comparison.log.contains("10-10-w100, strict: load ended with exit code 1"))
        #expect(comparison.log.contains("Not authorized"))
        #expect(comparison.log.contains("– (1 failed)"))
    }

    @Test func pausesAreMeasuredBesideASteadyLoad() throws {
        let stage = try Stage()
        let words = [
            "pauses", "--seconds", "1", "--rate", "100", "--connections", "50", "--sessions", "100",
            "--subscribers", "20", "--retained", "3000", "--only", "stopped-subscriber",
            "--only", "reconnects", "--only", "expiries", "--only", "fan-out", "--only", "retained",
            "--folder", stage.folder.appending(path: "pauses").path,
        ]
        let text = try bench(words)
        for name in ["stopped-subscriber", "reconnects", "expiries", "fan-out", "retained"] {
            let row = try #require(text.split(separator: "\n").first { $0.contains(name) })
            let turn = try #require(Double(row.split(separator: "|")[4].dropFirst().dropLast()))
            #expect(turn > 0)
        }
        // No turn takes no time at all.
        let strict = try stage.start("qos2-bench", words + ["--limit", "0.0001"])
        #expect(try strict.end(within: .seconds(60)) == 2)
    }
}
