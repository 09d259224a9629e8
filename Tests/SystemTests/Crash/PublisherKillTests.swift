// SPDX-License-Identifier: Apache-2.0
//
// SIGKILL for the publisher, at instants that nobody chose: every reading that its ledger names is in
// the database once, in order, and numbers go on without a gap.
import Foundation
import Testing

@Suite(.serialized) struct CrashOfThePublisher {
    private static let readings = 6_000
    private static let rate = 1_500
    private static let kills = 20

    @Test(arguments: ["5", "3.1.1"])
    func killingThePublisherLosesAndDoublesNothing(version: String) throws {
        let stage = try Stage()
        let broker = try stage.startBroker()
        let subscriber = try stage.startSubscriber()
        let ledger = stage.folder.appending(path: "ledger")
        let command = [
            "emit", "--rate", "\(Self.rate)", "--last", "\(Self.readings)", "--ledger",
            ledger.path,
        ]
        func start() throws -> Program {
            try stage.startPublisher("protocol \(version)", command: command)
        }
        var resumed = 0
        for kill in 1...Self.kills {
            let publisher = try start()
            if kill % 4 == 0 {
                // Anywhere in its first moments.
                usleep(UInt32.random(in: 0..<60_000))
            } else {
                try publisher.waitFor("connected to broker")
                let size = try size(of: ledger)
                let more = Int.random(in: 1..<20_000)
                try publisher.wait(for: "\(more) B of ledger") {
                    try self.size(of: ledger) >= size + more
                }
            }
            publisher.crash()
            if publisher.log.contains("session=resumed") { resumed += 1 }
        }
        #expect(resumed > Self.kills / 2, "most of them had something to go on with")
        let publisher = try start()
        #expect(try publisher.end(within: .seconds(60)) == 0, "\(publisher.log.suffix(2_000))")
        try expectAllRows(Self.readings, in: stage, by: subscriber)
        #expect(try broker.stop() == 0)

        let proof = [
            "verify", "--ledger", ledger.path, "--database", stage.database.path,
        ]
        let judge = try stage.start("qos2-bench", proof)
        #expect(try judge.end() == 0, "\(judge.log)")
        // The judge itself is tried: a row that is gone must show.
        _ = try output(
            of: "/usr/bin/sqlite3", [stage.database.path, "DELETE FROM readings WHERE seq = 777"])
        #expect(try stage.start("qos2-bench", proof).end() == 2)
    }

    /// A recording goes on with the row behind the last one that was taken.
    @Test func aKilledReplayGoesOnWhereItWas() throws {
        let stage = try Stage()
        let broker = try stage.startBroker()
        let subscriber = try stage.startSubscriber()
        let recording = try stage.recording(of: Self.readings)
        for kill in 1...10 {
            let publisher = try stage.startPublisher(replay: recording, rate: Self.rate / 3)
            let rows = Int.random(in: 1..<200)
            let before = try stage.rows()
            try publisher.wait(for: "\(rows) rows more, kill \(kill)") {
                try stage.rows() >= before + rows
            }
            publisher.crash()
        }
        let publisher = try stage.startPublisher(replay: recording, rate: Self.rate)
        #expect(try publisher.end(within: .seconds(60)) == 0, "\(publisher.log.suffix(2_000))")
        #expect(publisher.log.contains("the recording goes on behind"))
        try expectAllRows(Self.readings, in: stage, by: subscriber)
        // Row and number belong together: each line of the recording has its number as fraction.
        #expect(
            try stage.query(
                "SELECT count(*) FROM readings WHERE pressure <> CAST('1.' || seq AS REAL)") == "0")

        let again = try stage.startPublisher(replay: recording, rate: Self.rate)
        #expect(try again.end() == 0, "\(again.log)")
        #expect(again.log.contains("were taken before"), "\(again.log)")
        #expect(try broker.stop() == 0)
    }

    /// While it runs, and when it was killed: the status tells what waits and touches nothing.
    @Test func theStatusOfARunningAndOfADeadPublisher() throws {
        let stage = try Stage()
        let publisher = try stage.startPublisher(
            command: ["emit", "--rate", "200", "--count", "100"])
        try publisher.waitFor("sample 100 ")
        func status() throws -> String {
            let asked = try stage.startPublisher(command: ["status"])
            #expect(try asked.end() == 0, "\(asked.log)")
            return asked.log
        }
        let running = try status()
        #expect(running.contains("state      running (pid \(publisher.pid))"), "\(running)")
        #expect(running.contains("outbox     100 readings, 0 of them on their way"))
        #expect(running.contains("oldest     plc-line1/1, taken 20"))
        publisher.crash()
        let dead = try status()
        #expect(dead.contains("state      not running"), "\(dead)")
        #expect(dead.contains("outbox     100 readings"))

        let broker = try stage.startBroker()
        let next = try stage.startPublisher(command: ["emit", "--rate", "200", "--last", "100"])
        #expect(try next.end() == 0, "\(next.log)")
        let done = try status()
        #expect(done.contains("outbox     0 readings") && done.contains("next       101"))
        #expect(done.contains("delivered  plc-line1/100, receipt of 20"), "\(done)")
        #expect(try broker.stop() == 0)
    }

    private func size(of file: URL) throws -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
        return attributes?[.size] as? Int ?? 0
    }

    private func expectAllRows(_ count: Int, in stage: Stage, by subscriber: Program) throws {
        try subscriber.wait(
            for: "all rows", within: .seconds(60), until: { try stage.rows() >= count })
        #expect(try subscriber.stop() == 0, "\(subscriber.log.suffix(2_000))")
        #expect(
            try stage.query("SELECT count(*), min(seq), max(seq) FROM readings")
                == "\(count)|1|\(count)")
        #expect(try stage.query("SELECT count(*) FROM rejected") == "0")
        #expect(
            try stage.query(
                "SELECT count(*) FROM (SELECT seq, lag(seq) OVER (ORDER BY id) AS before FROM "
                    + "readings) WHERE before >= seq") == "0", "in the order of sampling")
    }
}
