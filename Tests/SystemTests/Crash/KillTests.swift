// SPDX-License-Identifier: Apache-2.0
//
// SIGKILL under load, for broker and subscriber: afterwards every reading is in the database once.
import Foundation
import Testing

@Suite(.serialized) struct Crash {
    private static let readings = 6_000
    private static let rate = 1_000

    @Test func killingTheBrokerLosesAndDoublesNothing() throws {
        let stage = try Stage()
        var broker = try stage.startBroker()
        let subscriber = try stage.startSubscriber()
        let publisher = try stage.startPublisher(
            replay: try stage.recording(of: Self.readings), rate: Self.rate)
        for part in 1...10 {
            try subscriber.wait(
                for: "part \(part)", within: .seconds(60),
                until: { try stage.rows() >= part * Self.readings / 12 })
            try broker.killAndWait()
            broker = try stage.startBroker()
            #expect(broker.log.contains("store recovered"))
        }
        try expectAllRows(of: publisher, in: stage, by: subscriber)
        #expect(try broker.stop() == 0, "\(broker.log)")
    }

    @Test func killingTheSubscriberLosesAndDoublesNothing() throws {
        let stage = try Stage()
        let broker = try stage.startBroker()
        var subscriber = try stage.startSubscriber()
        let publisher = try stage.startPublisher(
            replay: try stage.recording(of: Self.readings), rate: Self.rate)
        for part in 1...10 {
            try subscriber.wait(
                for: "part \(part)", within: .seconds(60),
                until: { try stage.rows() >= part * Self.readings / 12 })
            try subscriber.killAndWait()
            subscriber = try stage.start(
                "database-subscriber", ["run", "-c", stage.folder.path + "/subscriber.conf"])
        }
        try expectAllRows(of: publisher, in: stage, by: subscriber)
        #expect(try broker.stop() == 0, "\(broker.log)")
    }

    private func expectAllRows(
        of publisher: Program, in stage: Stage, by subscriber: Program
    ) throws {
        #expect(try publisher.end(within: .seconds(60)) == 0, "\(publisher.log)")
        try subscriber.wait(
            for: "all rows", within: .seconds(60), until: { try stage.rows() >= Self.readings })
        #expect(try subscriber.stop() == 0, "\(subscriber.log)")
        #expect(
            try stage.query("SELECT count(*), min(seq), max(seq) FROM readings")
                == "\(Self.readings)|1|\(Self.readings)")
        // The second lock never had to act: exactly once came from the receive record.
        #expect(try stage.query("SELECT count(*) FROM rejected") == "0")
    }
}

extension Program {
    /// As a power switch would, for this process alone.
    fileprivate func killAndWait() throws {
        kill(pid, SIGKILL)
        #expect(try end() == SIGKILL)
    }
}
