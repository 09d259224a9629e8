// SPDX-License-Identifier: Apache-2.0
//
// Configuration files, overlays of instances, and arguments.
import ArgumentParser
import ClientCore
import Foundation
import MQTT
import Reactor
import Testing

@testable import plc_publisher

@Suite struct ConfigurationTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    private func write(_ name: String, _ text: String) throws -> String {
        let file = folder.appending(path: name)
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    private func read(_ text: String, instance: String? = nil) throws -> ConfigurationReader {
        ConfigurationReader(file: try write("publisher.conf", text), instance: instance)
    }

    @Test func nothingSaidMeansTheDefaults() throws {
        let reader = try read("# nothing\n")
        #expect(reader.errors.isEmpty && reader.notices.isEmpty)
        #expect(reader.configuration == Configuration())
        #expect(reader.configuration.stream == "plc-line1")
        #expect(reader.configuration.broker == HostPort(host: "127.0.0.1", port: 1883))
        #expect(reader.configuration.interval == .seconds(3))
    }

    @Test func everyKeyIsRead() throws {
        let reader = try read(
            """
            broker [::1]:1885
            client_id press-%i
            topic plant/a
            protocol 3.1.1
            interval 250ms
            temperature -5.5 5
            pressure 0.01 0.02
            seed 42
            outbox_max_messages 10
            outbox_overflow drop-oldest
            outbox_path /somewhere/%i
            replay_rate 500
            """, instance: "7")
        #expect(reader.errors.isEmpty)
        #expect(reader.notices.isEmpty)
        var expected = Configuration()
        expected.broker = HostPort(host: "::1", port: 1885)
        expected.clientID = "press-%i"
        expected.topic = "plant/a"
        expected.version = .v311
        expected.interval = .milliseconds(250)
        expected.temperature = Bounds(-550...500)
        expected.pressure = Bounds(1...2)
        expected.seed = 42
        expected.outboxMax = 10
        expected.outboxOverflow = .dropOldest
        expected.outboxPath = "/somewhere/%i"
        expected.replayRate = 500
        expected.instance = "7"
        #expect(reader.configuration == expected)
        #expect(reader.configuration.stream == "press-7")
        #expect(reader.configuration.outboxFolder == "/somewhere/7")
    }

    @Test func anInstanceHasTheLastWord() throws {
        _ = try write("publisher-west.conf", "interval 1s\n")
        let west = try read("interval 5s\ntopic a\n", instance: "west")
        #expect(west.configuration.interval == .seconds(1))
        #expect(west.configuration.topic == "a" && west.configuration.stream == "plc-west")
        let east = try read("interval 5s\n", instance: "east")
        #expect(east.errors.isEmpty && east.configuration.interval == .seconds(5))
    }

    @Test func everyMistakeIsNamedWithItsLine() throws {
        let mistakes = [
            "intervall 3s", "interval soon", "interval 0", "temperature 30 20", "temperature 1",
            "temperature 1.234 2", "pressure a b", "topic a/#", "broker h:none", "seed -1",
            "outbox_overflow maybe", "outbox_max_messages 0", "replay_rate 0", "protocol 4",
        ]
        let reader = try read(mistakes.joined(separator: "\n"))
        let lines = Set(reader.errors.map(\.place.line))
        #expect(lines == Set(1...mistakes.count))
        #expect(reader.errors.first { $0.place.line == 1 }?.message.contains("interval") == true)
    }

    @Test func argumentsThatFitAreTaken() throws {
        let run = try RunCommand.parse([
            "-c", "x.conf", "--instance", "2", "--broker", "h:99", "--interval", "500ms",
            "--count", "3", "--seed", "9", "--client-id", "me",
        ])
        #expect(run.place.file == "x.conf" && run.place.broker == HostPort(host: "h", port: 99))
        #expect(run.interval == .milliseconds(500) && run.count == 3 && run.seed == 9)
        let replay = try RunCommand.parse(["--replay", "r.csv", "--rate", "5000"])
        #expect(replay.replay == "r.csv" && replay.rate == 5_000)
        let emit = try EmitCommand.parse(["--count", "3", "--rate", "7"])
        #expect(emit.count == 3 && emit.rate == 7)
    }

    @Test func argumentsThatDoNotFitAreUsageErrors() {
        let wrong = [
            ["-h"], ["--rate", "5"], ["--replay", "a", "--count", "3"], ["--count", "0"],
            ["--replay", "a", "--rate", "0"], ["--interval", "soon"], ["--broker", "h:0"],
        ]
        for arguments in wrong {
            do {
                _ = try PublisherCommand.parseAsRoot(["run"] + arguments)
                Issue.record("\(arguments) was taken")
            } catch {
                #expect(PublisherCommand.exitCode(for: error).rawValue == 64, "\(arguments)")
            }
        }
    }
}
