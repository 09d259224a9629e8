// SPDX-License-Identifier: Apache-2.0
//
// What brokers are compared by: what 'run' or 'idle' is told, and under which name it stands in the
// table.

struct ComparedCase {
    enum Measure {
        /// CPU of a message, messages a second, latency.
        case load
        /// Memory of a connection that says nothing.
        case memory
    }

    let name: String
    let measure: Measure
    let arguments: [String]

    private init(_ name: String, _ measure: Measure, _ arguments: String) {
        self.name = name
        self.measure = measure
        self.arguments = arguments.split(separator: " ").map(String.init)
    }

    private static func load(
        _ name: String, _ publishers: Int, _ subscribers: Int, window: Int, _ rest: String = ""
    ) -> ComparedCase {
        ComparedCase(
            name, .load,
            "--publishers \(publishers) --subscribers \(subscribers) --window \(window) " + rest)
    }

    /// What is not said by a case: QoS 2, payloads of 64 bytes, MQTT 3.1.1, sessions that end with
    /// their connections.
    static let all = [
        load("1-1-w1", 1, 1, window: 1),
        load("1-1-w100", 1, 1, window: 100),
        load("1-1-w1000", 1, 1, window: 1000),
        load("10-10-w100", 10, 10, window: 100),
        load("50-1-w20", 50, 1, window: 20),
        load("1-50-w20", 1, 50, window: 20),
        load("64k-w20", 1, 1, window: 20, "--payload 65536"),
        load("rate-1000", 1, 1, window: 100, "--rate 1000"),
        load("qos1-10-10", 10, 10, window: 100, "--qos 1"),
        load("qos0-10-10", 10, 10, window: 100, "--qos 0"),
        load("durable-1-1-w1", 1, 1, window: 1, "--persistent"),
        load("durable-1-1-w100", 1, 1, window: 100, "--persistent"),
        load("durable-10-10", 10, 10, window: 100, "--persistent"),
        ComparedCase("idle-10000", .memory, "--connections 10000"),
    ]
}
