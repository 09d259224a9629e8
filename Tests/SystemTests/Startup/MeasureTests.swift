// SPDX-License-Identifier: Apache-2.0
//
// How quickly the broker stands and how little it needs, as deploy/measure prints it.
import Foundation
import Testing

@Suite(.serialized) struct StartupMeasure {
    @Test func standsQuicklyAndNeedsLittle() throws {
        let printed = try output(
            of: Repository.file("deploy/measure").path,
            [Repository.program("qos2-broker").path])
        let start = try #require(number(after: "start to listening:", in: printed), "\(printed)")
        let memory = try #require(number(after: "resident, no client:", in: printed), "\(printed)")
        #expect(start < 50, "milliseconds")
        #expect(memory < 12, "MB")
    }

    /// With all that comes with it: body, place, delivery.
    @Test func aMessageThatWaitsNeedsLittle() throws {
        let stage = try Stage()
        let broker = try stage.startBroker(
            "persistence_location \(stage.folder.path)/store\nlog_handshakes never\n"
                + "max_queued_messages 0\nmax_inflight_messages 0\n")
        let told = try output(
            of: Repository.program("qos2-bench").path,
            [
                "fill", "--name", "q", "-p", "\(stage.port)", "--broker-pid", "\(broker.pid)",
                "--json",
                "--messages", "200000", "--payload", "200", "--subscribers", "1",
                "--no-progress",
            ])
        let each = told.firstMatch(of: /"broker_resident_bytes_per_message":([0-9]+)/)
        let bytes = try #require(each.flatMap { Int($0.output.1) }, "\(told)")
        // Below the payload nothing was measured.
        #expect(200...300 ~= bytes, "bytes")
        #expect(try broker.stop() == 0, "\(broker.log)")
    }

    private func number(after label: String, in text: String) -> Double? {
        text.split(separator: "\n").first { $0.hasPrefix(label) }?
            .dropFirst(label.count).split(separator: " ").first.flatMap { Double($0) }
    }
}

@Suite(.serialized) struct StartupDemo {
    @Test func runsTheWholeSystemAndSumsItUp() throws {
        let printed = try output(
            of: Repository.file("deploy/demo").path, ["--fast", "--seconds", "4"])
        let last = try #require(printed.split(separator: "\n").last)
        #expect(last.wholeMatch(of: /rows stored [2-9], gaps 0, duplicates 0/) != nil, "\(last)")
    }

    @Test func stopsAtControlC() throws {
        let stage = try Stage()
        let demo = try Program(
            Repository.file("deploy/demo"), ["--fast"], in: stage.folder)
        try demo.waitFor("[4/4]", within: .seconds(600))
        kill(demo.pid, SIGINT)
        #expect(try demo.end() == 0, "\(demo.log)")
        let last = try #require(demo.lines.last)
        #expect(last.contains(", gaps 0, duplicates 0"), "\(last)")
    }
}
