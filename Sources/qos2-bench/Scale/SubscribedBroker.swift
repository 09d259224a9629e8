// SPDX-License-Identifier: Apache-2.0
//
// A broker of one's own in which the sessions of a plan have subscribed, and what can be asked of it.
import Glibc
import MQTT
import Reactor

final class SubscribedBroker {
    /// Subscriptions, of the plan's.
    private(set) var count = 0
    /// Messages that it was measured with: no two have the same topic.
    private var probed = 0

    private let plan: ScalePlan
    private let port: UInt16
    private let process: ChildProcess

    init(_ plan: ScalePlan, binaries: String, in folder: String) throws(SystemError) {
        self.plan = plan
        port = try freePort()
        let limit = "max_subscriptions \(plan.subscriptions + plan.clients)\n"
        process = try ComparedBroker.own(in: binaries, limit).start(in: folder, port: port)
    }

    deinit { process.kill() }

    var pid: pid_t { process.pid ?? 0 }

    /// Resident memory, in bytes.
    var resident: Int { ProcessUse(of: pid).map { Int($0.resident) } ?? 0 }

    /// Whose session ends with its connection.
    func visitor(
        _ name: String, take: @escaping BlockingClient.Taker = { _, _ in }
    ) throws(LoadFailure) -> BlockingClient {
        try BlockingClient(
            name, port: port, patience: plan.patience, cleanStart: true, expiry: 0,
            take: take)
    }

    /// One of those that have the subscriptions.
    func client(
        _ owner: Int, take: @escaping BlockingClient.Taker = { _, _ in }
    ) throws(LoadFailure) -> BlockingClient {
        try BlockingClient(
            plan.clientID(owner), port: port, patience: plan.patience, cleanStart: false,
            expiry: Link.lastingExpiry, take: take)
    }

    /// The first of the plan's subscriptions, and with the last of them every session's fence.
    func subscribe(_ count: Int) throws {
        var filters = [[String]](repeating: [], count: plan.clients)
        for number in 0..<count { filters[plan.owner(of: number)].append(plan.filter(number)) }
        for owner in 0..<plan.clients where !filters[owner].isEmpty || count == plan.subscriptions {
            let client = try client(owner)
            try client.subscribe(filters[owner] + [plan.fence(owner)])
            try client.leave()
        }
        self.count = count
    }

    /// What messages to such topics cost the loop: nanoseconds each. They are of QoS 0 and for sessions that
    /// are away, so that they are matched and then done with. Each topic is a level longer than
    /// `topic` says, and was never seen before.
    func cost(ofMessagesTo topic: (Int) -> String) throws -> Double {
        let publisher = try visitor("scale-probe")
        try publisher.ping()
        let before = busy
        for number in probed..<probed + plan.probes {
            try publisher.publish("\(topic(number))/\(number)", qos: .atMostOnce)
        }
        try publisher.ping()
        probed += plan.probes
        return Double(busy - before) / Double(plan.probes)
    }

    /// What the loop has run so far, in nanoseconds.
    private var busy: Int {
        let text = contents(of: "/proc/\(pid)/schedstat") ?? ""
        return text.split(separator: " ").first.flatMap { Int($0) } ?? 0
    }

    /// Kills it, starts it again, and says how long it was before it let somebody in.
    func crash() throws -> Int64 {
        process.kill()
        let begin = nanosecondsNow()
        try process.start()
        _ = try visitor("scale-first")
        return nanosecondsNow() - begin
    }

    func stop() {
        process.askToStop()
        while process.takeEnd() == nil { usleep(1000) }
    }
}
