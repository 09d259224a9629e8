// SPDX-License-Identifier: Apache-2.0
//
// The three real programs, of which the broker and, if wanted, the publisher live on a disk that
// loses what was not synced. The subscriber's database is SQLite's promise and lies elsewhere.
import Foundation
import Journal
import Testing

final class PoweredSystem {
    let stage: Stage
    let mount: LosingMount
    private(set) var broker: Program
    private var publisher: Program?
    private var subscriber: Program
    private let publisherIsOnMount: Bool
    private let version: String
    private let rate: Int
    private let configuration: String
    private var starts = 0

    init(publisherOnMount: Bool, version: String = "5", rate: Int = 1_500) throws {
        stage = try Stage()
        mount = try LosingMount(in: stage)
        publisherIsOnMount = publisherOnMount
        self.version = version
        self.rate = rate
        configuration = try stage.write(
            "broker.conf",
            """
            listener \(stage.port) 127.0.0.1
            persistence_location \(mount.folder.path)/broker
            log_handshakes never

            """)
        broker = try stage.start("qos2-broker", ["-c", configuration])
        try broker.wait(for: "an open port", until: { [port = stage.port] in accepts(port) })
        subscriber = try stage.startSubscriber()
        publisher = try startPublisher()
    }

    var ledger: URL { stage.folder.appending(path: "ledger") }

    /// It must start, whatever the disk looks like.
    func startBroker() throws {
        broker = try stage.start("qos2-broker", ["-c", configuration])
        try broker.wait(for: "an open port", until: { accepts(stage.port) })
        #expect(broker.log.contains("store recovered"), "\(broker.log)")
    }

    private func startPublisher(last: Int? = nil) throws -> Program {
        let outbox = publisherIsOnMount ? mount.folder : stage.folder
        let end = ["--last", "\(last ?? 100_000_000)"]
        return try stage.startPublisher(
            "protocol \(version)\noutbox_path \(outbox.path)/outbox",
            command: ["emit", "--rate", "\(rate)", "--ledger", ledger.path] + end)
    }

    /// The machine dies at its `change`th change of the disk from now, and boots.
    func cutPower(at change: Int, seed: UInt64, leaving remains: String) throws {
        try mount.say("freeze \(change) \(seed % 2 == 0 ? "before" : "after")")
        #expect(try mount.answer() == "frozen")
        kill(broker.pid, SIGKILL)
        if publisherIsOnMount, let publisher { kill(publisher.pid, SIGKILL) }
        #expect(try mount.order("cut \(seed) \(remains)") == "done")
        broker.crash()
        if publisherIsOnMount { publisher?.crash() }
        try startBroker()
        if publisherIsOnMount { publisher = try startPublisher() }
    }

    /// Nothing more fits on the disk, and what is left of the segments in use is used up: by messages
    /// of others, because the readings alone would take long.
    func fillDisk() throws {
        let wasFull = count("disk full")
        try mount.order("quota \(mount.used())")
        let others = try stage.start(
            "qos2-bench",
            [
                "run", "--port", "\(stage.port)", "--mqtt-version", "3.1.1", "--persistent",
                "--publishers", "2", "--subscribers", "2", "--payload", "4000", "--window", "20",
                "--seconds", "300", "--patience", "300",
            ])
        try broker.wait(for: "a full disk", within: .seconds(60)) { count("disk full") > wasFull }
        others.crash()
    }

    func emptyDisk() throws {
        let hadRoom = count("is room again")
        try broker.wait(for: "word of the full disk") { count("disk full") > hadRoom }
        try mount.order("quota \(4 << 30)")
        try broker.wait(for: "room") { count("is room again") > hadRoom }
    }

    /// How often the broker that runs has said so.
    private func count(_ text: String) -> Int { broker.log.components(separatedBy: text).count - 1 }

    /// The readings are queued while nobody takes them.
    func stopSubscriber() throws {
        #expect(try subscriber.stop() == 0, "\(subscriber.log.suffix(2_000))")
    }

    func startSubscriber() throws { subscriber = try stage.startSubscriber() }

    func waitForReadings(_ more: Int) throws {
        let before = try lastSeq()
        try broker.wait(for: "\(more) readings more", within: .seconds(60)) {
            try lastSeq() >= before + more
        }
    }

    /// Flips bits in the newest segment, while no broker uses it: `behind` the last commit, or in
    /// the middle of what was committed.
    func damageNewestSegment(behind: Bool, seed: UInt64) throws {
        let store = mount.folder.appending(path: "broker")
        let names = try FileManager.default.contentsOfDirectory(atPath: store.path)
        let name = try #require(names.filter { $0.hasPrefix("segment-") }.max())
        let end = try Self.endOfCommits(
            in: [UInt8](Data(contentsOf: store.appending(path: name))))
        let offset = behind ? end + Int(seed % 100) : end / 2
        let count = behind ? Int(seed % 5_000) + 1 : 1
        #expect(try mount.order("damage broker/\(name) \(offset) \(count) \(seed)") == "done")
    }

    /// Where the last whole commit of a segment ends.
    private static func endOfCommits(in bytes: [UInt8]) throws -> Int {
        let found = SegmentHeader(bytes.span, CRC32C.checksum)
        let header = try #require(found)
        var commits = CommitReader(
            at: SegmentHome.Position(
                epoch: header.epoch, nextBatch: header.firstBatch, previous: header.previous),
            CRC32C.checksum)
        while commits.next(in: bytes.span) != nil {}
        return commits.end
    }

    /// Not every cut comes while the system starts: some of them wait for so many rows more.
    func waitForRows(_ more: Int) throws {
        let before = try stage.rows()
        try broker.wait(for: "\(more) rows more", within: .seconds(60)) {
            try stage.rows() >= before + more
        }
    }

    /// Lets the publisher come to an end, everything arrive, and has it judged.
    func finish(expecting verdict: Int32 = 0) throws {
        publisher?.crash()
        let last = try lastSeq() + 200
        let publisher = try startPublisher(last: last)
        #expect(try publisher.end(within: .seconds(120)) == 0, "\(publisher.log.suffix(2_000))")
        if verdict == 0 {
            try broker.wait(for: "all rows", within: .seconds(120)) {
                try stage.rows() >= last
            }
        }
        try stopSubscriber()
        let judge = try stage.start(
            "qos2-bench",
            ["verify", "--ledger", ledger.path, "--database", stage.database.path])
        #expect(try judge.end() == verdict, "\(judge.log)")
        #expect(try broker.stop() == 0, "\(broker.log.suffix(2_000))")
    }

    /// The number of the last whole line of the ledger.
    private func lastSeq() throws -> Int {
        let text = try String(contentsOf: ledger, encoding: .utf8)
        let seqs = text.split(separator: "\n").compactMap { line -> Int? in
            guard let at = line.range(of: "\"seq\":") else { return nil }
            return Int(line[at.upperBound...].prefix { $0.isNumber })
        }
        return try #require(seqs.max())
    }
}
