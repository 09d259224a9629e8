// SPDX-License-Identifier: Apache-2.0
//
// The configuration file, which every command reads, and arguments.
import ArgumentParser
import ClientCore
import Foundation
import MQTT
import Reactor
import Testing

@testable import database_subscriber

@Suite struct ConfigurationTests {
    let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private func write(_ text: String) throws -> String {
        let file = folder.file + ".conf"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    @Test func nothingSaidMeansTheDefaults() throws {
        let reader = ConfigurationReader(file: try write("# nothing\n"))
        #expect(reader.errors.isEmpty && reader.notices.isEmpty)
        #expect(reader.configuration == Configuration())
        let options = reader.configuration.clientOptions
        #expect(options.subscriptions.map(\.filter) == ["sensor/data"])
        #expect(options.subscriptions.map(\.options.maximumQoS) == [.exactlyOnce])
        #expect(options.clientID == ClientID("database-subscriber"))
    }

    @Test func everyKeyIsRead() throws {
        let reader = ConfigurationReader(
            file: try write(
                """
                broker plant:1885
                client_id db
                protocol 3.1.1
                topic a/#
                topic b
                database sqlite:/data/t.db
                batch 10 5ms
                on_bad_payload quarantine
                receipts r
                """))
        #expect(reader.errors.isEmpty)
        #expect(reader.notices.count == 1, "receipts")
        var expected = Configuration()
        expected.broker = HostPort(host: "plant", port: 1885)
        expected.clientID = "db"
        expected.version = .v311
        expected.topics = ["a/#", "b"]
        expected.database = DatabaseLocation(path: "/data/t.db")
        expected.batch = Configuration.Batch(count: 10, time: .milliseconds(5))
        #expect(reader.configuration == expected)
        #expect(reader.configuration.clientOptions.version == .v311)
    }

    @Test func everyMistakeIsNamedWithItsLine() throws {
        let mistakes = [
            "topics a", "topic a/#/b", "broker h:none", "database postgresql://x", "batch 64",
            "batch 0 5ms", "batch 64 soon", "batch 64 2m", "on_bad_payload drop", "protocol 4",
            "client_id",
        ]
        let reader = ConfigurationReader(file: try write(mistakes.joined(separator: "\n")))
        #expect(Set(reader.errors.map(\.place.line)) == Set(1...mistakes.count))
    }

    /// The database of the arguments, else that of the file.
    @Test func theDatabaseOfEachCommand() throws {
        let file = try write("database sqlite:/from/file.db\n")
        let status = try StatusCommand.parse(["-c", file, "--json"])
        #expect(try status.location.readConfiguration().database.path == "/from/file.db")
        let query = try QueryCommand.parse(["-c", file, "--database", "sqlite:/given.db"])
        #expect(try query.location.readConfiguration().database.path == "/given.db")
        let run = try RunCommand.parse(["--broker", "h:5", "--client-id", "x"])
        #expect(run.broker == HostPort(host: "h", port: 5) && run.clientID == "x")
        #expect(try run.location.readConfiguration().database == .standard)
    }

    @Test func aBadFileFailsEveryCommand() throws {
        let file = try write("nonsense\n")
        for command in ["run", "status", "query"] {
            let parsed = try DatabaseSubscriber.parseAsRoot([command, "-c", file])
            #expect(throws: ExitCode(78)) {
                var parsed = parsed
                try parsed.run()
            }
        }
    }
}
