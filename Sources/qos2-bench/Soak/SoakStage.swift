// SPDX-License-Identifier: Apache-2.0
//
// The folder of a soak and the three programs in it: their configurations, stores, ledgers and logs.
import Glibc
import MQTT
import Reactor

final class SoakStage {
    let folder: String
    let broker: ChildProcess
    let subscriber: ChildProcess
    let publishers: [ChildProcess]
    let ledgers: [String]
    var database: String { "\(folder)/telemetry.db" }

    var all: [ChildProcess] { [broker, subscriber] + publishers }

    init(_ plan: SoakPlan, brokerPort: UInt16, _ wire: Wire) throws(SystemError) {
        folder = plan.folder
        let protocolName = plan.version == .v5 ? "5" : "3.1.1"
        try write(
            """
            listener \(brokerPort) 127.0.0.1
            max_queued_messages 10000000

            """, to: "\(folder)/broker.conf")
        try write(
            """
            broker 127.0.0.1:\(wire.port(of: .subscriber))
            protocol \(protocolName)
            database sqlite:\(folder)/telemetry.db

            """, to: "\(folder)/subscriber.conf")
        try write(
            """
            broker 127.0.0.1:\(wire.port(of: .publishers))
            protocol \(protocolName)
            client_id %i
            interval \(plan.interval.nanoseconds / 1_000_000)ms
            outbox_path \(folder)/%i-outbox

            """, to: "\(folder)/publisher.conf")
        broker = Self.child(
            "broker", plan, "qos2-broker", ["-c", "\(folder)/broker.conf"])
        subscriber = Self.child(
            "subscriber", plan, "database-subscriber", ["run", "-c", "\(folder)/subscriber.conf"])
        let lines = (1...plan.publishers).map { "line\($0)" }
        let folder = plan.folder
        ledgers = lines.map { "\(folder)/\($0).ledger" }
        publishers = lines.map { line in
            Self.child(line, plan, "plc-publisher", Self.arguments(of: line, in: folder))
        }
        for child in [broker, subscriber] + publishers {
            try makeFolder("\(folder)/\(child.name)")
        }
    }

    private static func arguments(of line: String, in folder: String) -> [String] {
        [
            "run", "-c", "\(folder)/publisher.conf", "--instance", line,
            "--ledger", "\(folder)/\(line).ledger",
        ]
    }

    private static func child(
        _ name: String, _ plan: SoakPlan, _ program: String, _ arguments: [String]
    ) -> ChildProcess {
        ChildProcess(
            name, executable: "\(plan.binaries)/\(program)", arguments: arguments,
            stateFolder: "\(plan.folder)/\(name)", logFile: "\(plan.folder)/\(name).log")
    }

    /// The publishers again, but for what stands in their ledgers already. The last line may be of
    /// a reading that was not taken before the kill; then it is measured once more.
    func startLastPublishers() throws {
        for (publisher, ledger) in zip(publishers, ledgers) {
            let last = max(1, try Ledger.highestSequence(in: ledger))
            try publisher.start(
                with: Self.arguments(of: publisher.name, in: folder) + ["--last", "\(last)"])
        }
    }
}
