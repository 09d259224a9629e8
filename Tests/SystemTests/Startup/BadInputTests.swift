// SPDX-License-Identifier: Apache-2.0
//
// What an operator gets wrong: each mistake ends in one clear line that names what and where, and in
// the exit code that the units and scripts rely on.
import Foundation
import Testing

private let programs = ["qos2-broker", "plc-publisher", "database-subscriber"]

/// What a program says and how it ends, when it must end by itself.
private struct Ending {
    let status: Int32
    let log: String
    let program: String

    init(_ program: Program) throws {
        status = try program.end()
        log = program.log
        self.program = program.name
    }

    /// The errors, one a line, each beginning with the program's name.
    var errors: [Substring] {
        log.split(separator: "\n").filter { $0.contains("\(program): ") }
    }

    func expect(
        status expected: Int32, oneLineWith words: [String],
        _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(status == expected, "\(log)", sourceLocation: location)
        #expect(errors.count == 1, "\(log)", sourceLocation: location)
        for word in words {
            #expect(
                log.contains(word), "\(program) does not name \(word)", sourceLocation: location)
        }
    }
}

@Suite(.serialized) struct StartupBadInput {
    private func running(_ program: String, _ file: String) -> [String] {
        (program == "qos2-broker" ? [] : ["run"]) + ["-c", file]
    }

    @Test(arguments: programs)
    func unknownOption(_ program: String) throws {
        let stage = try Stage()
        let command = program == "qos2-broker" ? [] : ["run"]
        let ending = try Ending(stage.start(program, command + ["--nonsense"]))
        #expect(ending.status == 64)
        #expect(ending.log.contains("--nonsense"))
    }

    @Test(arguments: programs)
    func helpSucceeds(_ program: String) throws {
        let stage = try Stage()
        let ending = try Ending(stage.start(program, ["--help"]))
        #expect(ending.status == 0)
        #expect(ending.log.contains("USAGE: \(program)"))
    }

    @Test(arguments: programs)
    func configurationThatIsNotThere(_ program: String) throws {
        let stage = try Stage()
        let file = stage.folder.appending(path: "gone.conf").path
        let ending = try Ending(stage.start(program, running(program, file)))
        ending.expect(status: 78, oneLineWith: [file])
    }

    @Test(arguments: [
        ("qos2-broker", "listner 1883", "listener"), ("plc-publisher", "intervall 3s", "interval"),
        ("database-subscriber", "topics sensor/data", "topic"),
    ])
    func unknownKey(_ program: String, _ line: String, _ nearest: String) throws {
        let stage = try Stage()
        let file = try stage.write("a.conf", "# first\n\(line)\n")
        let ending = try Ending(stage.start(program, running(program, file)))
        ending.expect(status: 78, oneLineWith: ["\(file):2", nearest])
    }

    @Test(arguments: [
        ("qos2-broker", "listener 99999 127.0.0.1"), ("plc-publisher", "interval soon"),
        ("plc-publisher", "temperature 30 20"), ("database-subscriber", "broker 127.0.0.1:none"),
    ])
    func valueOutOfRange(_ program: String, _ line: String) throws {
        let stage = try Stage()
        let file = try stage.write("a.conf", "\(line)\n")
        let ending = try Ending(stage.start(program, running(program, file)))
        ending.expect(status: 78, oneLineWith: ["\(file):1"])
    }

    @Test func checkShowsEveryError() throws {
        let stage = try Stage()
        let bad = try stage.write("bad.conf", "listner 1883\nmax_inflight_messages many\n")
        let ending = try Ending(stage.start("qos2-broker", ["-c", bad, "--check"]))
        #expect(ending.status == 78)
        #expect(ending.log.contains("\(bad):1") && ending.log.contains("\(bad):2"))
        let good = try stage.write("good.conf", "listener \(stage.port) 127.0.0.1\n")
        #expect(try Ending(stage.start("qos2-broker", ["-c", good, "--check"])).status == 0)
        let printed = try Ending(stage.start("qos2-broker", ["-c", good, "--print-config"]))
        #expect(printed.status == 0)
        #expect(printed.log.contains("listener \(stage.port) 127.0.0.1"))
    }

    @Test func busyPort() throws {
        let stage = try Stage()
        let broker = try stage.startBroker()
        let second = try Stage()
        let file = try second.write("second.conf", "listener \(stage.port) 127.0.0.1\n")
        let ending = try Ending(second.start("qos2-broker", ["-c", file]))
        ending.expect(
            status: 1, oneLineWith: ["127.0.0.1:\(stage.port) is in use", "qos2-broker)"])
        #expect(try broker.stop() == 0)
    }

    @Test func storeOfAnotherBroker() throws {
        let stage = try Stage()
        let broker = try stage.startBroker()
        let file = try stage.write("second.conf", "listener \(try freePort()) 127.0.0.1\n")
        let ending = try Ending(stage.start("qos2-broker", ["-c", file]))
        ending.expect(status: 74, oneLineWith: ["another process uses this folder"])
        #expect(try broker.stop() == 0)
    }

    @Test func addressThatIsNotOurs() throws {
        let stage = try Stage()
        let file = try stage.write("a.conf", "listener \(stage.port) nowhere.invalid\n")
        let ending = try Ending(stage.start("qos2-broker", ["-c", file]))
        ending.expect(status: 1, oneLineWith: ["nowhere.invalid"])
    }

    @Test func folderThatNobodyMayWriteTo() throws {
        let stage = try Stage()
        // Not a matter of permissions, which root would pass: there can be no folder in a file.
        let file = try stage.write("a-file", "")
        let configuration = try stage.write(
            "a.conf", "broker 127.0.0.1:\(stage.port)\ndatabase sqlite:\(file)/telemetry.db\n")
        let ending = try Ending(
            stage.start("database-subscriber", ["run", "-c", configuration]))
        #expect([74, 77].contains(ending.status), "\(ending.log)")
        #expect(ending.errors.count == 1, "\(ending.log)")
        #expect(ending.log.contains("\(file)/telemetry.db"))
    }

    @Test func folderWithoutPermission() throws {
        let stage = try Stage()
        let closed = stage.folder.appending(path: "closed")
        try FileManager.default.createDirectory(
            at: closed, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o555])
        let configuration = try stage.write(
            "a.conf",
            "broker 127.0.0.1:\(stage.port)\ndatabase sqlite:\(closed.path)/telemetry.db\n")
        let ending = try Ending(
            asNobody(stage, "database-subscriber", ["run", "-c", configuration]))
        #expect([74, 77].contains(ending.status), "\(ending.log)")
        #expect(ending.log.contains("\(closed.path)/telemetry.db"))
    }

    @Test func databaseOfAnotherProgram() throws {
        let stage = try Stage()
        _ = try output(
            of: "/usr/bin/sqlite3",
            [stage.database.path, "PRAGMA application_id=7; CREATE TABLE a (b)"])
        let configuration = try stage.write(
            "a.conf", "broker 127.0.0.1:\(stage.port)\ndatabase sqlite:\(stage.database.path)\n")
        let ending = try Ending(
            stage.start("database-subscriber", ["run", "-c", configuration]))
        #expect(ending.status != 0)
        #expect(ending.log.contains("another program"), "\(ending.log)")
    }

    @Test(arguments: [
        ("", "header"), ("ts,temperature\n1,2\n", "pressure"),
        ("ts,temperature,pressure\n2026-01-01T00:00:00Z,warm,1.1\n", ":2"),
    ])
    func recordingThatCannotBeReplayed(_ text: String, _ named: String) throws {
        let stage = try Stage()
        let broker = try stage.startBroker()
        let csv = try stage.write("a.csv", text)
        let publisher = try stage.startPublisher(replay: URL(filePath: csv), rate: 100)
        let ending = try Ending(publisher)
        #expect(ending.status != 0)
        #expect(ending.log.contains(csv) && ending.log.contains(named), "\(ending.log)")
        #expect(try broker.stop() == 0)
    }

    @Test func recordingThatIsNotThere() throws {
        let stage = try Stage()
        let gone = stage.folder.appending(path: "gone.csv")
        let ending = try Ending(stage.startPublisher(replay: gone, rate: 100))
        #expect(ending.status != 0)
        #expect(ending.errors.count == 1 && ending.log.contains(gone.path), "\(ending.log)")
    }

    /// As root this drops root, whom no permission stops.
    private func asNobody(
        _ stage: Stage, _ program: String, _ arguments: [String]
    ) throws -> Program {
        guard getuid() == 0 else { return try stage.start(program, arguments) }
        let copy = stage.folder.appending(path: program)
        try FileManager.default.copyItem(at: Repository.program(program), to: copy)
        return try Program(
            URL(filePath: "/usr/bin/setpriv"),
            ["--reuid=65534", "--regid=65534", "--clear-groups", copy.path] + arguments,
            in: stage.folder)
    }
}
