// SPDX-License-Identifier: Apache-2.0
//
// SIGKILL beside checkpoints: what waited is there once, whether a checkpoint was given by the living
// state or replayed from the journal.
import Foundation
import Testing

@Suite(.serialized) struct CrashBesideCheckpoints {
    /// A queue that goes through checkpoints while others fill the journal, and a few kills.
    @Test(arguments: [
        // A megabyte of bodies is no small state any more.
        (waiting: 2_000, payload: 100, source: "memory"),
        (waiting: 4_000, payload: 400, source: "the journal"),
    ])
    func whatWaitedIsThereOnce(_ waiting: Int, _ payload: Int, _ source: String) throws {
        let stage = try Stage()
        let settings = "log_type all\npersistence_location \(stage.folder.path)/store\n"
        func bench(_ command: String, _ name: String, _ options: [String]) throws -> Program {
            try stage.start(
                "qos2-bench",
                [command, "-p", "\(stage.port)", "-V", "3.1.1", "--name", name] + options)
        }
        let queue = [
            "--publishers", "2", "--subscribers", "2", "--payload", "\(payload)", "--messages",
            "\(waiting)",
        ]
        var broker = try stage.startBroker(settings)
        let fill = try bench("fill", "queue", queue)
        #expect(try fill.end(within: .seconds(60)) == 0, "\(fill.log)")
        for round in 1...3 {
            let load = try bench(
                "run", "load\(round)",
                ["--persistent", "--seconds", "100", "--payload", "100", "--window", "50"])
            try broker.waitFor(" B from \(source)", within: .seconds(90))
            // Not at once: the next segments are under way then, and soon the next checkpoint.
            usleep(UInt32(round) * 300_000)
            broker.crash()
            load.crash()
            broker = try stage.startBroker(settings)
        }
        let drain = try bench("drain", "queue", queue)
        #expect(try drain.end(within: .seconds(60)) == 0, "\(drain.log)")
        #expect(try broker.stop() == 0, "\(broker.log)")
    }
}
