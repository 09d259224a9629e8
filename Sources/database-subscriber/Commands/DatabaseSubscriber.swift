// SPDX-License-Identifier: Apache-2.0
//
// The command line: the root and the commands that read a database, be the subscriber running or
// not. What they show is made in `Store`; the command that runs is in RunCommand.
import ArgumentParser

struct DatabaseSubscriber: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "database-subscriber",
        abstract: "Writes each MQTT message into SQLite exactly once.",
        subcommands: [
            RunCommand.self, StatusCommand.self, QueryCommand.self, SchemaCommand.self,
        ],
        helpNames: .long)
}

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows rows, duplicates, gaps and the last row.")

    @OptionGroup var location: DatabaseOption

    @Flag(help: "One JSON object in one line.")
    var json = false

    func run() throws {
        let path = try location.readConfiguration().database.path
        try printLines { () throws(StoreError) in
            try StatusCommand.lines(of: path, json: json)
        }
    }

    static func lines(of path: String, json: Bool) throws(StoreError) -> [String] {
        let database = try Schema.openForReading(path)
        do {
            let status = try Status(of: database)
            return json ? [status.json] : status.lines
        } catch {
            throw .database(error)
        }
    }
}

struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Shows the rows that arrived last, the newest at the end.")

    @OptionGroup var location: DatabaseOption

    @Option(help: "How many rows.")
    var last = 10

    @Flag(help: "One JSON object per row and line.")
    var json = false

    func validate() throws {
        guard last > 0 else {
            throw ValidationError("--last \(last): at least one row must be asked for")
        }
    }

    func run() throws {
        let path = try location.readConfiguration().database.path
        try printLines { () throws(StoreError) in
            try QueryCommand.lines(of: path, last: last, json: json)
        }
    }

    static func lines(of path: String, last: Int, json: Bool) throws(StoreError) -> [String] {
        let database = try Schema.openForReading(path)
        do {
            let rows = try StoredRow.last(last, in: database)
            return json ? rows.map(\.json) : StoredRow.lines(rows)
        } catch {
            throw .database(error)
        }
    }
}

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Prints the SQL that makes the tables.")

    func run() throws {
        print(Schema.sql)
    }
}
