// SPDX-License-Identifier: Apache-2.0
//
// Subscriptions and retained messages by the million, in a broker of its own: what they take, what a
// message costs among them, how long a recovery takes, and whether all of it is there afterwards.
import MQTT
import Reactor

final class ScaleRun {
    private let plan: ScalePlan
    private let matching: MatchingCosts
    private let broker: SubscribedBroker
    private(set) var report = ScaleReport()

    init(_ plan: ScalePlan, binaries: String, in folder: String) throws(SystemError) {
        self.plan = plan
        matching = MatchingCosts(plan: plan, binaries: binaries, folder: folder)
        broker = try SubscribedBroker(plan, binaries: binaries, in: folder)
    }

    /// Everything, in order.
    func run() throws {
        try takeStock()
        try broker.subscribe(plan.subscriptions)
        report.residentSubscribed = broker.resident
        report.costs = try matching.measure(with: broker)
        let empty = report.residentEmpty
        report.recoveredSubscriptions = try broker.crash()
        report.perSubscription = each(broker.resident - empty, of: plan.subscriptions)
        let subscribed = broker.resident
        try retain()
        report.residentRetained = broker.resident
        report.recoveredAll = try broker.crash()
        report.perRetained = each(broker.resident - subscribed, of: plan.retained)
        try countRetained()
        try trySample()
        broker.stop()
    }

    private func each(_ bytes: Int, of count: Int) -> Int { count > 0 ? bytes / count : 0 }

    private func takeStock() throws {
        _ = try broker.visitor("scale-first")
        report.residentEmpty = broker.resident
        report.textPerSubscription = each(
            plan.textBytes(0..<plan.subscriptions), of: plan.subscriptions)
        report.bodyPerRetained = each(plan.bodyBytes(0..<plan.retained), of: plan.retained)
    }

    private func retain() throws {
        let publisher = try broker.visitor("scale-retain")
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
        let subscriber = try broker.visitor("scale-count") {
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
        let publisher = try broker.visitor("scale-sample")
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
            let client = try broker.client(owner) { topic, _ in
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
