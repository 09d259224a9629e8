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
