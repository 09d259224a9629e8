// SPDX-License-Identifier: Apache-2.0
//
// A steady load, and beside it one disturbance after the other, each with a broker that was just
// started: how long messages of the steady load wait, and how long the broker's loop was away at most.
import Glibc
import MQTT
import Reactor

struct PausesRun {
    private static let patience = 60
    /// Clients that come and go together.
    private static let passingAtOnce = 50
    /// In microseconds.
    private static let turnTopic = "$SYS/broker/event_loop/lag/maximum"
    /// Of the values of `$SYS`, in seconds.
    private static let sysInterval: UInt32 = 1

    let plan: PausesPlan
    let binaries: String
    let folder: String

    func run(_ disturbance: Disturbance) throws -> PausesReport.Row {
        let place = "\(folder)/\(disturbance.rawValue)"
        try makeFolder(place)
        let port = try freePort()
        let broker = try ComparedBroker.own(in: binaries, "sys_interval \(Self.sysInterval)\n")
            .start(in: place, port: port)
        defer { broker.kill() }
        var stopped: BlockingClient?
        if disturbance == .stoppedSubscriber { stopped = try stoppedSubscriber(port) }
        if disturbance == .expiries { try leaveSessions(port) }
        if disturbance == .retained { try retain(port) }
        let steady = LoadProcess("steady", steadyLoad, port: port, in: place)
        try steady.start()
        // It has connected, and the disturbance finds it at work.
        usleep(500_000)
        let other = disturbance.load(plan).map { LoadProcess("other", $0, port: port, in: place) }
        try other?.start()
        if disturbance == .retained { try askForRetained(port) }
        _ = try other?.finish()
        let report = try steady.finish()
        let turn = try longestTurn(port)
        withExtendedLifetime(stopped) {}
        return try row(disturbance, report, turn)
    }

    private var steadyLoad: [String] {
        [
            "run", "--name", "steady", "--rate", "\(plan.rate)", "--payload", "64",
            "--seconds", "\(plan.seconds + 1)",
        ]
    }

    private func stoppedSubscriber(_ port: UInt16) throws(LoadFailure) -> BlockingClient {
        let client = try BlockingClient(
            "stopped", port: port, patience: Self.patience, cleanStart: true, expiry: 0)
        try client.subscribe(["\(Disturbance.floodName)/#"])
        return client
    }

    /// Sessions of clients that are gone, all of which end in the middle of the time to come.
    private func leaveSessions(_ port: UInt16) throws(LoadFailure) {
        // Three thousand a second is slow.
        let lasting = Int64(plan.sessions / 3000 + 1)
        let end = nanosecondsNow() / 1_000_000_000 + lasting
        for first in stride(from: 0, to: plan.sessions, by: Self.passingAtOnce) {
            let left = max(1, end - nanosecondsNow() / 1_000_000_000)
            let numbers = first..<min(first + Self.passingAtOnce, plan.sessions)
            let clients = try numbers.map { number throws(LoadFailure) in
                try BlockingClient(
                    "passing-\(number)", port: port, patience: Self.patience, cleanStart: true,
                    expiry: UInt32(left), isHasty: true)
            }
            for client in clients { try client.leave() }
            for client in clients { try client.enter() }
        }
        let ahead = end * 1_000_000_000 - nanosecondsNow() - Int64(plan.seconds / 2 * 1e9)
        if ahead > 0 { usleep(UInt32(min(ahead / 1000, 1 << 31))) }
    }

    private func retain(_ port: UInt16) throws(LoadFailure) {
        let publisher = try BlockingClient(
            "publisher", port: port, patience: Self.patience, cleanStart: true, expiry: 0)
        for number in 0..<plan.retained {
            try publisher.publish(
                "retained/\(number / 1000)/\(number)", Array("\(number)".utf8), qos: .atLeastOnce,
                retain: true)
        }
        try publisher.settle()
    }

    /// In turns for a session that outlives its connection and for one that does not.
    private func askForRetained(_ port: UInt16) throws(LoadFailure) {
        let end = nanosecondsNow() + Int64(plan.seconds * 1e9)
        var isDurable = false
        while nanosecondsNow() < end {
            var received = 0
            let client = try BlockingClient(
                "asking", port: port, patience: Self.patience, cleanStart: true,
                expiry: isDurable ? 60 : 0
            ) { _, _ in received += 1 }
            try client.subscribe(["retained/#"])
            try client.readUntil { received == plan.retained }
            try client.leave()
            isDurable.toggle()
        }
    }

    private func longestTurn(_ port: UInt16) throws(LoadFailure) -> Double {
        sleep(Self.sysInterval + 1)
        return try sysValue(Self.turnTopic, port: port, patience: Self.patience) / 1000
    }

    private func row(
        _ disturbance: Disturbance, _ report: String, _ turn: Double
    ) throws -> PausesReport.Row {
        func milliseconds(_ name: String) throws(LoadFailure) -> Double {
            guard let value = JSONObject.number("latency_\(name)_us", in: report) else {
                throw .unexpected("steady", "a report without latencies")
            }
            return value / 1000
        }
        return PausesReport.Row(
            disturbance: disturbance, p50: try milliseconds("p50"), p99: try milliseconds("p99"),
            longest: try milliseconds("max"), turn: turn)
    }
}
