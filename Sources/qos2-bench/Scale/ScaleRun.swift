// SPDX-License-Identifier: Apache-2.0
//
// Subscriptions and retained messages by the million, in a broker of its own: what they take, what a
// message costs among them, how long a recovery takes, and whether all of it is there afterwards.
import Glibc
import MQTT
import Reactor

final class ScaleRun {
    /// What a message costs the broker among so many subscriptions, in nanoseconds of CPU.
    struct Cost {
        let subscriptions: Int
        /// Messages to one place in the tree.
        let near: Int
        /// Messages all over the tree, whose nodes are in no cache.
        let spread: Int
    }

    private let plan: ScalePlan
    private let port: UInt16
    private let broker: ChildProcess
    private(set) var report = ScaleReport()

    init(_ plan: ScalePlan, binaries: String, in folder: String) throws(SystemError) {
        self.plan = plan
        port = try freePort()
        let limit = "max_subscriptions \(plan.subscriptions + plan.clients)\n"
        broker = try ComparedBroker.own(in: binaries, limit).start(in: folder, port: port)
    }

    deinit { broker.kill() }

    /// Everything, in order.
    func run() throws {
        try takeStock()
        for count in [10, min(1000, plan.subscriptions), plan.subscriptions] {
            try grow(to: count)
            try report.costs.append(probe(among: count))
        }
        let empty = report.residentEmpty
        report.residentSubscribed = resident
        report.recoveredSubscriptions = try crash()
        report.perSubscription = each(resident - empty, of: plan.subscriptions)
        let subscribed = resident
        try retain()
        report.residentRetained = resident
        report.recoveredAll = try crash()
        report.perRetained = each(resident - subscribed, of: plan.retained)
        try countRetained()
        try trySample()
        broker.askToStop()
        while broker.takeEnd() == nil { usleep(1000) }
    }

    /// Whose session ends with its connection.
    private func visitor(
        _ name: String, take: @escaping BlockingClient.Taker = { _, _ in }
    ) throws(LoadFailure) -> BlockingClient {
        try BlockingClient(
            name, port: port, patience: plan.patience, cleanStart: true, expiry: 0,
            take: take)
    }

    /// One of those that have the subscriptions.
    private func client(
        _ owner: Int, take: @escaping BlockingClient.Taker = { _, _ in }
    ) throws(LoadFailure) -> BlockingClient {
        try BlockingClient(
            plan.clientID(owner), port: port, patience: plan.patience, cleanStart: false,
            expiry: Link.lastingExpiry, take: take)
    }

    private func each(_ bytes: Int, of count: Int) -> Int { count > 0 ? bytes / count : 0 }

    private func takeStock() throws {
        _ = try visitor("scale-first")
        report.residentEmpty = resident
        report.textPerSubscription = each(
            plan.textBytes(0..<plan.subscriptions), of: plan.subscriptions)
        report.bodyPerRetained = each(plan.bodyBytes(0..<plan.retained), of: plan.retained)
    }

    /// Kills the broker, starts it again, and says how long it was before it let somebody in.
    private func crash() throws -> Int64 {
        broker.kill()
        let begin = nanosecondsNow()
        try broker.start()
        _ = try visitor("scale-first")
        return nanosecondsNow() - begin
    }

    private var resident: Int {
        ProcessUse(of: broker.pid ?? 0).map { Int($0.resident) } ?? 0
    }

    private var made = 0

    private func grow(to count: Int) throws {
        guard count > made else { return }
        var filters = [[String]](repeating: [], count: plan.clients)
        for number in made..<count { filters[plan.owner(of: number)].append(plan.filter(number)) }
        for owner in 0..<plan.clients where !filters[owner].isEmpty || count == plan.subscriptions {
            let client = try client(owner)
            try client.subscribe(filters[owner] + [plan.fence(owner)])
            try client.leave()
        }
        made = count
    }

    /// Messages of QoS 0 for sessions that are away are matched, and then done with.
    private func probe(among count: Int) throws -> Cost {
        let publisher = try visitor("scale-probe")
        let areas = Array(stride(from: 9, to: count, by: 10))
        func cost(_ topic: (Int) -> String) throws -> Int {
            var best = Int.max
            for round in 0..<3 {
                try publisher.ping()
                let before = busy
                for number in 0..<plan.probes {
                    try publisher.publish(topic(number + round * plan.probes), qos: .atMostOnce)
                }
                try publisher.ping()
                best = min(best, (busy - before) / plan.probes)
            }
            return best
        }
        let near = try cost { "\(self.plan.topic(of: 9))/\($0)" }
        // Steps of a prime, so that neighbours in time are none in the tree.
        let spread = try cost { "\(self.plan.topic(of: areas[$0 * 7919 % areas.count]))/\($0)" }
        return Cost(subscriptions: count, near: near, spread: spread)
    }

    /// What the broker's loop has run so far, in nanoseconds.
    private var busy: Int {
        let text = contents(of: "/proc/\(broker.pid ?? 0)/schedstat") ?? ""
        return text.split(separator: " ").first.flatMap { Int($0) } ?? 0
    }

    private func retain() throws {
        let publisher = try visitor("scale-retain")
        for number in 0..<plan.retained {
            try publisher.publish(
                plan.retainedTopic(number), plan.body(number), qos: .atLeastOnce, retain: true)
        }
        try publisher.settle()
    }

    /// Every retained message comes, once, as it was.
    private func countRetained() throws {
        var seen = [Bool](repeating: false, count: plan.retained)
        var count = 0
        let subscriber = try visitor("scale-count") {
            [plan] topic, payload in
            count += 1
            let number = Self.number(in: topic)
            guard number < plan.retained, !seen[number],
                payload.indices.map({ payload[$0] }) == plan.body(number)
            else { return }
            seen[number] = true
        }
        try subscriber.subscribe(["state/#"])
        try subscriber.readUntil { count >= self.plan.retained }
        try subscriber.ping()
        report.retainedMissing = plan.retained - seen.count { $0 }
        report.retainedForeign = count - seen.count { $0 }
    }

    /// A sample of subscriptions gets each its message and no other; topics beside them nobody's.
    private func trySample() throws {
        let publisher = try visitor("scale-sample")
        var expected = [[String]](repeating: [], count: plan.clients)
        for number in plan.sample {
            try publisher.publish(plan.topic(of: number), qos: .atLeastOnce)
            try publisher.publish("plant/line\(number)/nobody", qos: .atLeastOnce)
            expected[plan.owner(of: number)].append(plan.topic(of: number))
        }
        for owner in 0..<plan.clients {
            try publisher.publish(plan.fence(owner), qos: .atLeastOnce)
        }
        try publisher.settle()
        for owner in 0..<plan.clients {
            var heard: [String] = []
            let client = try client(owner) { topic, _ in
                heard.append(String(decoding: topic.indices.map { topic[$0] }, as: UTF8.self))
            }
            try client.readUntil { heard.last == self.plan.fence(owner) }
            if heard.dropLast() != expected[owner][...] { report.ownersWrong += 1 }
            try client.ping()
            try client.leave()
        }
        report.sampled = plan.sample.count
    }

    /// The digits at the end.
    private static func number(in topic: Span<UInt8>) -> Int {
        var value = 0
        var scale = 1
        for index in topic.indices.reversed() {
            guard (48...57).contains(topic[index]) else { break }
            value += Int(topic[index] - 48) * scale
            scale *= 10
        }
        return value
    }
}
