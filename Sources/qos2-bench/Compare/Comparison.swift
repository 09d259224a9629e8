// SPDX-License-Identifier: Apache-2.0
//
// Runs every case with every broker, one after the other and all of it again: what disturbs the
// machine for some seconds disturbs one figure of several, and of each the median counts.
import Glibc
import Reactor

struct Comparison {
    struct Figures {
        var cpu: [Double] = []
        var rate: [Double] = []
        var p99: [Double] = []
        /// Bytes of a connection.
        var memory: [Double] = []
        /// Runs that lost, doubled or could not be finished.
        var failed = 0
    }

    let brokers: [ComparedBroker]
    let cases: [ComparedCase]
    let rounds: Int
    let seconds: Double
    let version: String
    let folder: String
    var figures: [[Figures]]

    init(
        _ brokers: [ComparedBroker], _ cases: [ComparedCase], rounds: Int, seconds: Double,
        version: String, folder: String
    ) {
        self.brokers = brokers
        self.cases = cases
        self.rounds = rounds
        self.seconds = seconds
        self.version = version
        self.folder = folder
        figures = cases.map { _ in brokers.map { _ in Figures() } }
    }

    mutating func run(tell: (String) -> Void) throws(SystemError) {
        for round in 1...rounds {
            for (at, item) in cases.enumerated() {
                for (number, broker) in brokers.enumerated() {
                    let run = "round \(round) of \(rounds): \(item.name), \(broker.name)"
                    tell(run)
                    let output = try measure(item, broker)
                    if case .failure(let error) = output { tell("\(run): \(error)") }
                    figures[at][number].add(try? output.get(), item.measure)
                }
            }
        }
    }

    /// What the load printed, or how it failed. A broker that does not start ends the comparison.
    private func measure(
        _ item: ComparedCase, _ broker: ComparedBroker
    ) throws(SystemError) -> Result<String, SystemError> {
        let place = "\(folder)/\(item.name)-\(broker.name)"
        removeFolder(place)
        try makeFolder(place)
        let port = try freePort()
        let server = try broker.start(in: place, port: port)
        let output = Result { () throws(SystemError) in
            defer { server.kill() }
            let load = LoadProcess(
                "load", arguments(item, broker: server.pid ?? 0), port: port, in: place)
            try load.start()
            return try load.finish()
        }
        // Of a run that failed everything stays, until the next of its kind.
        if case .success = output { removeFolder(place) }
        return output
    }

    private func arguments(_ item: ComparedCase, broker: pid_t) -> [String] {
        let common = ["--broker-pid", "\(broker)", "--mqtt-version", version]
        guard item.measure == .load else { return ["idle"] + common + item.arguments }
        // Topics end in a number, and their names are short.
        var words = [
            "run", "--name", "b", "--seconds", "\(seconds)", "--warm-up", "\(seconds / 5)",
        ]
        if !item.arguments.contains("--payload") { words += ["--payload", "64"] }
        return words + common + item.arguments
    }
}

extension Comparison.Figures {
    mutating func add(_ output: String?, _ measure: ComparedCase.Measure) {
        if measure == .memory {
            guard let bytes = output.flatMap({ JSONObject.number("bytes_per_connection", in: $0) })
            else {
                failed += 1
                return
            }
            return memory.append(bytes)
        }
        guard let output, let rate = JSONObject.number("delivered_per_second", in: output),
            let used = JSONObject.number("broker_cpu_us_per_delivery", in: output),
            let late = JSONObject.number("latency_p99_us", in: output)
        else {
            failed += 1
            return
        }
        cpu.append(used)
        self.rate.append(rate)
        p99.append(late)
    }

    static func median(_ values: [Double]) -> Double? {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return nil }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
