// SPDX-License-Identifier: Apache-2.0
//
// Publisher, broker, subscriber as three processes, to the row in SQLite.
import Foundation
import Testing

@Suite(.serialized) struct Pipeline {
    /// The eight lines of the broker, and the four of each companion, in order.
    @Test func oneMessageShowsItsFourStepsInAllThreeLogs() throws {
        let stage = try Stage()
        let broker = try stage.startBroker()
        let subscriber = try stage.startSubscriber()
        let publisher = try stage.startPublisher("interval 100ms")
        try subscriber.wait(for: "three rows", until: { try stage.rows() >= 3 })
        #expect(try publisher.stop() == 0, "\(publisher.log)")
        let sampled = publisher.lines.count { $0.contains("sample ") }
        try subscriber.wait(for: "all rows", until: { try stage.rows() == sampled })
        #expect(try subscriber.stop() == 0, "\(subscriber.log)")
        #expect(try broker.stop() == 0, "\(broker.log)")

        let toBroker = ["recv PUBLISH", "send PUBREC", "recv PUBREL", "send PUBCOMP"]
        let toClient = ["send PUBLISH", "recv PUBREC", "send PUBREL", "recv PUBCOMP"]
        expectSteps(toBroker + toClient, of: "plc-line1", in: broker, message: "plc-line1/2")
        expectSteps(toClient, of: "", in: publisher, message: "plc-line1/2")
        expectSteps(toBroker, of: "", in: subscriber, message: "plc-line1/2")
        #expect(try stage.query("SELECT max(seq) - min(seq) + 1 - count(*) FROM readings") == "0")
    }

    /// Each step's line, from the PUBLISH line that names the message on, in this order.
    private func expectSteps(
        _ steps: [String], of client: String, in program: Program, message: String
    ) {
        var rest = program.lines[...]
        for (index, step) in steps.enumerated() {
            let numbered = "[\(index % 4 + 1)/4] \(step)"
            let found = rest.firstIndex {
                $0.contains(numbered) && (!step.hasSuffix("PUBLISH") || $0.contains(message))
            }
            guard let found else {
                Issue.record("\(program.name) has no '\(numbered)' for \(message)\n\(program.log)")
                return
            }
            // The broker may send on before the publisher's last step: both halves start anew.
            rest = index % 4 == 3 ? program.lines[...] : rest[(found + 1)...]
        }
    }

    @Test func aCutWireLosesAndDoublesNothing() throws {
        let stage = try Stage()
        let broker = try stage.startBroker()
        let proxy = try CuttingProxy(to: stage.port, in: stage.folder)
        let csv = try stage.recording(of: 3_000)
        try broker.wait(for: "the proxy", until: { accepts(proxy.port) })
        let subscriber = try stage.startSubscriber(at: proxy.port)
        let publisher = try stage.startPublisher(at: proxy.port, replay: csv, rate: 500)
        for part in 1...4 {
            try subscriber.wait(
                for: "part \(part)", within: .seconds(60), until: { try stage.rows() >= part * 500 }
            )
            proxy.cut()
            try proxy.mend()
        }
        #expect(try publisher.end(within: .seconds(120)) == 0, "\(publisher.log.suffix(2_000))")
        try subscriber.wait(for: "all rows", until: { try stage.rows() >= 3_000 })
        #expect(try subscriber.stop() == 0)
        #expect(try broker.stop() == 0)
        #expect(
            try stage.query("SELECT count(*), count(DISTINCT seq) FROM readings") == "3000|3000")
        // Every cut was felt by both clients, and both went on with what was open.
        let resumed = broker.lines.count { $0.contains("session=resumed") }
        #expect(resumed >= 8, "\(broker.log.suffix(2_000))")
    }

    @Test func aKilledSubscriberGoesOnWhereItsDatabaseStands() throws {
        let stage = try Stage()
        let broker = try stage.startBroker()
        let csv = try stage.recording(of: 3_000)
        var subscriber = try stage.startSubscriber()
        let publisher = try stage.startPublisher(replay: csv, rate: 500)
        for part in 1...3 {
            try broker.wait(for: "part \(part)", until: { try stage.rows() >= part * 500 })
            subscriber.crash()
            subscriber = try stage.startSubscriber()
        }
        #expect(try publisher.end(within: .seconds(120)) == 0, "\(publisher.log.suffix(2_000))")
        try subscriber.wait(for: "all rows", until: { try stage.rows() >= 3_000 })
        #expect(try subscriber.stop() == 0)
        #expect(try broker.stop() == 0)
        #expect(
            try stage.query("SELECT count(*), count(DISTINCT seq) FROM readings") == "3000|3000")
        #expect(try stage.query("SELECT sum(duplicates_refused) FROM session") == "0")
    }

    @Test func companionsWaitForABrokerThatComesLater() throws {
        let stage = try Stage()
        let publisher = try stage.startPublisher("interval 100ms")
        try publisher.waitFor("sample 2")
        let broker = try stage.startBroker()
        let subscriber = try stage.startSubscriber()
        try subscriber.wait(for: "rows", until: { try stage.rows() >= 2 })
        for program in [publisher, subscriber, broker] {
            #expect(try program.stop() == 0, "\(program.log)")
        }
    }

    @Test func malformedPayloadsAreSetAsideWithTheirReason() throws {
        let stage = try Stage()
        let broker = try stage.startBroker()
        let subscriber = try stage.startSubscriber()
        let bad = ["no json", "{\"stream\":\"a\"}", "{\"stream\":\"a\",\"seq\":1,\"ts\":7}", "[]"]
        for payload in bad {
            _ = try output(
                of: "/usr/bin/mosquitto_pub",
                ["-p", "\(stage.port)", "-q", "2", "-t", "sensor/data", "-m", payload])
        }
        try subscriber.wait(
            for: "the rejected rows",
            until: { try stage.query("SELECT count(*) FROM rejected") == "\(bad.count)" })
        #expect(try stage.query("SELECT count(*) FROM rejected WHERE reason = ''") == "0")
        #expect(
            try stage.query("SELECT group_concat(payload, '~') FROM rejected")
                == bad.joined(separator: "~"))
        #expect(try stage.rows() == 0)
        #expect(try subscriber.stop() == 0)
        #expect(try broker.stop() == 0)
    }
}
