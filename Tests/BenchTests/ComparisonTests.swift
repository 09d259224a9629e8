// SPDX-License-Identifier: Apache-2.0
//
// What a comparison reads of its runs, and the table that it makes of them.
import ArgumentParser
import Testing

@testable import qos2_bench

@Suite struct ComparisonTests {
    private let output = """
        {"qos":2,"delivered_per_second":1000,"latency_p99_us":2500.000,\
        "broker_cpu_us_per_delivery":1.250}

        """

    @Test func figuresAreReadByTheirNames() {
        #expect(JSONObject.number("delivered_per_second", in: output) == 1000)
        #expect(JSONObject.number("broker_cpu_us_per_delivery", in: output) == 1.25)
        #expect(JSONObject.number("delivered", in: output) == nil)
    }

    @Test func theMiddleOneCounts() {
        #expect(Comparison.Figures.median([5, 1, 3]) == 3)
        #expect(Comparison.Figures.median([4, 1, 2, 3]) == 2.5)
        #expect(Comparison.Figures.median([]) == nil)
    }

    @Test func aRunThatFailedIsNoFigure() {
        var figures = Comparison.Figures()
        figures.add(output, .load)
        figures.add(nil, .load)
        figures.add("{\"qos\":2}", .load)
        #expect(figures.cpu == [1.25] && figures.rate == [1000] && figures.p99 == [2500])
        #expect(figures.failed == 2)
    }

    @Test func memoryIsAFigureOfItsOwn() {
        var figures = Comparison.Figures()
        figures.add("{\"connections\":10,\"bytes_per_connection\":512}", .memory)
        figures.add(output, .memory)
        #expect(figures.memory == [512] && figures.cpu.isEmpty)
        #expect(figures.failed == 1)
    }

    @Test func brokersAreNamedByTheirCommands() throws {
        let broker = try #require(ComparedBroker("floor=/opt/floor --port %p"))
        #expect(broker.name == "floor")
        #expect(broker.command == ["/opt/floor", "--port", "%p"])
        #expect(ComparedBroker("no command") == nil)
        #expect(ComparedBroker("=x") == nil)
        #expect(ComparedBroker("x=") == nil)
    }

    @Test func everyLoadIsOneThatRunKnows() throws {
        for item in ComparedCase.all {
            let command = item.measure == .load ? "run" : "idle"
            let words = [command, "--json", "--port", "1"] + item.arguments
            #expect(throws: Never.self) { _ = try BenchCommand.parseAsRoot(words) }
        }
        #expect(Set(ComparedCase.all.map(\.name)).count == ComparedCase.all.count)
    }

    @Test func theTableHasMediansAndRanges() throws {
        let brokers = [
            ComparedBroker.own(in: "/opt"), try #require(ComparedBroker("other=/bin/other")),
        ]
        var comparison = Comparison(
            brokers, Array(ComparedCase.all.prefix(1)), rounds: 1, seconds: 1, version: "5",
            folder: "/nowhere")
        comparison.figures[0][0].add(output, .load)
        comparison.figures[0][1].add(nil, .load)
        let lines = ComparisonTable(comparison).text.split(separator: "\n")
        #expect(lines.contains("| case | qos2 | other |"))
        #expect(lines.contains("| 1-1-w1 | 1.25 (1.25–1.25) | – (1 failed) |"))
        #expect(lines.contains("| 1-1-w1 | 1000/s; 2.50 | –; – (1 failed) |"))
        #expect(!lines.contains { $0.contains("idle") })
        let json = ComparisonTable(comparison).json
        #expect(JSONObject.number("1-1-w1_qos2_cpu_us", in: json) == 1.25)
        #expect(JSONObject.number("1-1-w1_other_failed", in: json) == 1)
    }
}
