// SPDX-License-Identifier: Apache-2.0
//
// The publisher on a disk that is full, on one that fails, and on one that has lost something. The
// full one is a small file system in memory, so that this needs root.
import Foundation
import Testing

@Suite(.serialized) struct CrashByTheDisk {
    /// With a few kilobytes each, a segment of 16 MiB is soon full.
    private static let readings = 14_000

    /// Nothing is sampled while there is no room, also by a process that starts into it; nothing is
    /// lost, and it goes on by itself.
    @Test func aFullDiskStopsTheSamplingAndNothingElse() throws {
        let stage = try Stage()
        let disk = try SmallDisk(in: stage.folder, megabytes: 256)
        defer { disk.remove() }
        let settings = "outbox_path \(disk.folder.path)/outbox\noutbox_max_messages 1000000"
        let recording = try longRecording(in: stage)
        func start() throws -> Program {
            try stage.startPublisher(settings, replay: recording, rate: 5_000)
        }
        func status() throws -> String {
            let asked = try stage.startPublisher(settings, command: ["status"])
            #expect(try asked.end() == 0, "\(asked.log)")
            return asked.log
        }

        let first = try start()
        try first.wait(for: "a spare segment") {
            FileManager.default.fileExists(atPath: "\(disk.folder.path)/outbox/spare")
        }
        try disk.fill()
        try first.waitFor("disk full: not sampling")
        let full = try status()
        let next = try #require(full.split(separator: "\n").first { $0.hasPrefix("next") })
        #expect(!full.contains("outbox     0 readings"), "\(full)")

        // What was taken is delivered also now.
        let broker = try stage.startBroker()
        let subscriber = try stage.startSubscriber()
        try first.wait(for: "an empty outbox", within: .seconds(60)) {
            try status().contains("outbox     0 readings, 0 of them")
        }
        #expect(try status().contains(next), "nothing was added")
        #expect(first.isRunning && !first.log.contains("has room"))
        first.crash()

        let second = try start()
        try second.waitFor("disk full: not sampling")
        #expect(try status().contains(next), "a reading without room is not taken")
        #expect(second.isRunning)

        try disk.empty()
        try second.waitFor("the disk has room: sampling again")
        #expect(try second.end(within: .seconds(60)) == 0, "\(second.log.suffix(2_000))")
        try subscriber.wait(for: "all rows", within: .seconds(60)) {
            try stage.rows() >= Self.readings
        }
        #expect(try subscriber.stop() == 0)
        #expect(
            try stage.query("SELECT count(*), min(seq), max(seq) FROM readings")
                == "\(Self.readings)|1|\(Self.readings)")
        #expect(try stage.query("SELECT count(*) FROM rejected") == "0")
        #expect(try broker.stop() == 0)
    }

    /// One clear line and the exit code of disks; what was taken before is there.
    @Test func aDiskThatFailsEndsThePublisher() throws {
        let stage = try Stage()
        let recording = try longRecording(in: stage)
        let publisher = try stage.startPublisher(replay: recording, rate: 5_000)
        try publisher.waitFor("sample 100 ")
        try FileManager.default.moveItem(
            at: stage.folder.appending(path: "outbox"), to: stage.folder.appending(path: "gone"))
        #expect(try publisher.end() == 74, "\(publisher.log.suffix(2_000))")
        let complaints = publisher.lines.filter { $0.hasPrefix("plc-publisher: ") }
        #expect(complaints.count == 1, "\(complaints)")
        #expect(complaints.first?.contains("the outbox failed") == true, "\(complaints)")
        #expect(complaints.first?.contains("outbox/") == true, "names the file: \(complaints)")

        try FileManager.default.moveItem(
            at: stage.folder.appending(path: "gone"), to: stage.folder.appending(path: "outbox"))
        let next = try stage.startPublisher(replay: recording, rate: 5_000)
        try next.waitFor("the recording goes on behind its first")
        next.crash()
    }

    /// Behind damage in the middle no number is given twice: what is left and what is new arrives.
    @Test func aDamagedOutboxGivesNoNumberTwice() throws {
        let stage = try Stage()
        let outbox = stage.folder.appending(path: "outbox")
        for part in 1...2 {
            let publisher = try stage.startPublisher(
                command: ["emit", "--rate", "2000", "--last", "\(part * 2_000)"])
            try publisher.waitFor("sample \(part * 2_000) ")
            publisher.crash()
        }
        let segments = try FileManager.default.contentsOfDirectory(atPath: outbox.path)
            .filter { $0.hasPrefix("segment-") }.sorted()
        #expect(segments.count == 1, "the second went on where the first was killed")
        let file = try FileHandle(forUpdating: outbox.appending(path: segments[0]))
        try file.seek(toOffset: 100_000)
        try file.write(contentsOf: Data("damage".utf8))
        try file.close()

        let broker = try stage.startBroker()
        let subscriber = try stage.startSubscriber()
        let next = try stage.startPublisher(command: ["emit", "--rate", "100", "--count", "10"])
        #expect(try next.end() == 0, "\(next.log.suffix(2_000))")
        #expect(next.log.contains("outbox damaged: what \(segments[0]) held behind batch"))
        #expect(next.log.contains("readings may be missing, numbers go on with"))
        try subscriber.wait(for: "the new readings") {
            try stage.query("SELECT count(*) FROM readings WHERE seq > 4000") == "10"
        }
        let old = try stage.query("SELECT count(*) = max(seq) FROM readings WHERE seq <= 4000")
        #expect(old == "1", "those in front of the damage")
        #expect(try stage.query("SELECT count(*) FROM rejected") == "0")
        #expect(try stage.query("SELECT sum(duplicates_refused) FROM session") == "0")
        #expect(try subscriber.stop() == 0 && broker.stop() == 0)
    }

    /// The lock says who has it.
    @Test func twoPublishersDoNotShareAnOutbox() throws {
        let stage = try Stage()
        let first = try stage.startPublisher("interval 100ms")
        try first.waitFor("sample 1 ")
        let second = try stage.startPublisher("interval 100ms")
        #expect(try second.end() == 74)
        #expect(second.log.contains("another process uses this folder"), "\(second.log)")
        #expect(first.isRunning)
        first.crash()

        let other = try stage.startPublisher("client_id other")
        #expect(try other.end() == 78)
        #expect(other.log.contains("belongs to stream plc-line1"), "\(other.log)")
    }

    private func longRecording(in stage: Stage) throws -> URL {
        let note = String(repeating: "x", count: 2_000)
        let lines = (1...Self.readings).map { "2026-01-01T00:00:00Z,20.5,1.5,\($0)\(note)" }
        let text = "ts,temperature,pressure,note\n" + lines.joined(separator: "\n") + "\n"
        return URL(filePath: try stage.write("long.csv", text))
    }
}

/// A file system of a few megabytes.
private struct SmallDisk {
    let folder: URL

    init(in place: URL, megabytes: Int) throws {
        folder = place.appending(path: "disk")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        _ = try output(
            of: "/usr/bin/mount",
            ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", folder.path])
    }

    private var ballast: URL { folder.appending(path: "ballast") }

    /// Leaves no byte.
    func fill() throws {
        _ = FileManager.default.createFile(atPath: ballast.path, contents: nil)
        let file = try FileHandle(forWritingTo: ballast)
        for size in [1 << 20, 4096] {
            let piece = Data(count: size)
            while (try? file.write(contentsOf: piece)) != nil {}
        }
        try file.close()
    }

    func empty() throws { try FileManager.default.removeItem(at: ballast) }

    func remove() { _ = try? output(of: "/usr/bin/umount", ["--lazy", folder.path]) }
}
