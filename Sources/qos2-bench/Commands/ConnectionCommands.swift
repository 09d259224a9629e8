// SPDX-License-Identifier: Apache-2.0
//
// The commands without messages: `idle` holds many connections and tells what each costs in memory,
// `churn` connects and disconnects without end and tells what a cycle costs.
import ArgumentParser
import Glibc
import MQTT
import Reactor

struct ConnectionOptions: ParsableArguments {
    @OptionGroup var broker: BrokerOptions

    func perform(
        _ work: ConnectionsPlan.Work, _ connections: Int, subscribes: Bool
    ) throws -> ConnectionsService {
        _ = try? raiseDescriptorLimit()
        let plan = ConnectionsPlan(
            work: work, host: broker.host, port: broker.port, version: broker.version,
            name: "bench-\(getpid())",
            connections: connections, subscribes: subscribes)
        let service = ConnectionsService(plan, try makeLoop(), brokerPid: broker.pid)
        service.run()
        if let failure = service.failure {
            complain(failure.description)
            throw ExitCode(failure.isUnreachable ? Exit.unreachable : Exit.failed)
        }
        return service
    }
}

struct IdleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "idle",
        abstract: "Opens many connections, holds them, and tells what each costs in memory.")

    @OptionGroup var options: ConnectionOptions

    @Option(help: "How many.")
    var connections = 10_000

    @Option(help: "Seconds to hold them before the broker's memory is read.")
    var hold = 2.0

    @Flag(inversion: .prefixedNo, help: "Each subscribes to a topic of its own.")
    var subscribe = true

    func validate() throws { try atLeastOne("--connections", connections) }

    func run() throws {
        let service = try options.perform(
            .idle(hold: .seconds(hold)), connections, subscribes: subscribe)
        var object = JSONObject()
        object.put("connections", connections)
        object.put("subscribed", subscribe)
        if let before = service.before, let after = service.after {
            let bytes = Int(after.resident - before.resident)
            object.put("broker_resident_bytes", Int(after.resident))
            object.put("bytes_per_connection", bytes / connections)
            if !options.broker.json {
                print("\(connections) connections: \(bytes / connections) bytes each")
            }
        }
        if options.broker.json { print(object.text) }
    }
}

struct ChurnCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "churn",
        abstract: "Connects and disconnects without end, and tells what a cycle costs.")

    @OptionGroup var options: ConnectionOptions

    @Option(help: "How many at once.")
    var connections = 10

    @Option(help: "For how long.")
    var seconds = 5.0

    func validate() throws { try atLeastOne("--connections", connections) }

    func run() throws {
        let service = try options.perform(
            .churn(.seconds(seconds)), connections, subscribes: false)
        let rate = Double(service.cycles) / (Double(service.nanoseconds) / 1e9)
        let p99 = Double(service.latencies.percentile(99) ?? 0) / 1e3
        var object = JSONObject()
        object.put("connections", connections)
        object.put("cycles", service.cycles)
        object.put("cycles_per_second", rate)
        object.put("connack_p99_us", p99)
        var line =
            "\(service.cycles) cycles, \(Int(rate))/s, CONNACK p99 "
            + "\(Decimals.text(p99 / 1e3, 3)) ms"
        if let before = service.before, let after = service.after {
            let cpu = Double(after.cpuNanoseconds - before.cpuNanoseconds) / 1e3
            object.put("broker_cpu_us_per_cycle", cpu / Double(max(1, service.cycles)))
            line += ", \(Decimals.text(cpu / Double(max(1, service.cycles)), 1)) µs CPU a cycle"
        }
        print(options.broker.json ? object.text : line)
    }
}
