// SPDX-License-Identifier: Apache-2.0
//
// What a message of ten busy clients costs the broker: alone, among many connections that say nothing,
// and beside many messages that wait for somebody. Each has a broker that was just started; they take
// turns, and of each the median counts.
import Glibc
import Reactor

struct CrowdRun {
    private enum Crowd {
        case nobody
        case connections(Int)
        case queued(Int)

        var name: String {
            switch self {
            case .nobody: "alone"
            case .connections(let count): "among \(count) connections"
            case .queued(let count): "beside \(count) messages that wait"
            }
        }
    }

    /// Longer than any run.
    private static let holdSeconds = "1000"
    private static let connectedTopic = "$SYS/broker/clients/connected"

    let plan: ScalePlan
    let binaries: String
    let folder: String

    func run(tell: (String) -> Void) throws -> [ScaleReport.CrowdCost] {
        let crowds = [Crowd.nobody, .connections(plan.connections), .queued(plan.queued)]
        var figures = crowds.map { _ in [Double]() }
        for round in 1...plan.rounds {
            for (at, crowd) in crowds.enumerated() {
                tell("round \(round) of \(plan.rounds): ten busy clients \(crowd.name)")
                figures[at].append(try measure(crowd))
            }
        }
        return zip(crowds, figures).map { crowd, values in
            let median = Comparison.Figures.median(values) ?? 0
            return ScaleReport.CrowdCost(crowd: crowd.name, nanoseconds: Int(median * 1000))
        }
    }

    /// Microseconds of the broker's CPU for a message.
    private func measure(_ crowd: Crowd) throws -> Double {
        let place = "\(folder)/crowd"
        try makeFolder(place)
        defer { removeFolder(place) }
        let port = try freePort()
        let broker = try ComparedBroker.own(in: binaries, "sys_interval 1\n")
            .start(in: place, port: port)
        defer { broker.kill() }
        let holding = try gather(crowd, port, in: place)
        defer { holding?.kill() }
        try waitUntilIdle(broker.pid ?? 0, patience: plan.patience)
        let words = [
            "run", "--name", "busy", "--publishers", "5", "--subscribers", "5", "--payload", "64",
            "--seconds", "3", "--warm-up", "0.5", "--broker-pid", "\(broker.pid ?? 0)",
        ]
        let load = LoadProcess("load", words, port: port, in: place)
        try load.start()
        let report = try load.finish()
        guard let cost = JSONObject.number("broker_cpu_us_per_delivery", in: report) else {
            throw LoadFailure.unexpected("load", "a report without the broker's CPU")
        }
        return cost
    }

    /// Returns once the crowd is there, with the process that must go on for it.
    private func gather(
        _ crowd: Crowd, _ port: UInt16, in place: String
    ) throws -> LoadProcess? {
        switch crowd {
        case .nobody: return nil
        case .connections(let count):
            let words = ["idle", "--connections", "\(count)", "--hold", Self.holdSeconds]
            let idle = LoadProcess("idle", words, port: port, in: place)
            try idle.start()
            // One more is who asks.
            _ = try sysValue(Self.connectedTopic, port: port, patience: plan.patience) {
                $0 > Double(count)
            }
            return idle
        case .queued(let count):
            let words = [
                "fill", "--name", "waiting", "--publishers", "1", "--subscribers", "1",
                "--messages", "\(count)",
            ]
            let fill = LoadProcess("fill", words, port: port, in: place)
            try fill.start()
            _ = try fill.finish()
            return nil
        }
    }
}
