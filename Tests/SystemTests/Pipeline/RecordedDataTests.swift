// SPDX-License-Identifier: Apache-2.0
//
// 23,383 readings that somebody really measured, CSV to SQLite, every one present once and equal.
import Foundation
import Testing

@Suite(.serialized) struct PipelineRecordedData {
    private let csv = Repository.cache.appending(path: "weather.csv")
    private let scripts = Repository.file("Tests/SystemTests/Pipeline")

    @Test func everyReadingArrivesOnceAndEqual() throws {
        _ = try output(
            of: scripts.appending(path: "dataset").path, [Repository.python.path, csv.path])
        let count = try String(contentsOf: csv, encoding: .utf8).split(separator: "\n").count - 1
        #expect(count >= 10_000)

        let stage = try Stage()
        let broker = try stage.startBroker()
        let subscriber = try stage.startSubscriber()
        let publisher = try stage.startPublisher(replay: csv, rate: 5_000)
        #expect(try publisher.end(within: .seconds(180)) == 0, "\(publisher.log.suffix(2_000))")
        try subscriber.wait(
            for: "all \(count) rows", within: .seconds(60), until: { try stage.rows() >= count })
        #expect(try subscriber.stop() == 0, "\(subscriber.log.suffix(2_000))")
        #expect(try broker.stop() == 0, "\(broker.log.suffix(2_000))")

        #expect(
            try compared(stage) == """
                readings \(count)
                more or fewer than lines 0
                lines without a reading 0
                readings without a line 0
                numbers missing 0
                rejected 0
                """)
        // The comparison itself is tried: one changed number must show.
        _ = try output(
            of: "/usr/bin/sqlite3",
            [stage.database.path, "UPDATE readings SET pressure = pressure + 0.1 WHERE seq = 777"])
        #expect(
            try compared(stage).contains("lines without a reading 1\nreadings without a line 1"))
    }

    private func compared(_ stage: Stage) throws -> String {
        let sql = try String(contentsOf: scripts.appending(path: "compare.sql"), encoding: .utf8)
        let file = try stage.write("c.sql", ".import --csv --schema temp \(csv.path) csv\n\(sql)")
        return try output(
            of: "/usr/bin/sqlite3", [stage.database.path], input: URL(filePath: file))
    }
}
