// SPDX-License-Identifier: Apache-2.0
//
// The loads under which brokers are compared: what 'run' is told, and under which name it stands in
// the table.

struct ComparedCase {
    let name: String
    let arguments: [String]

    private init(_ name: String, _ arguments: String) {
        self.name = name
        self.arguments = arguments.split(separator: " ").map(String.init)
    }

    private static func load(
        _ name: String, _ publishers: Int, _ subscribers: Int, window: Int, _ rest: String = ""
    ) -> ComparedCase {
        ComparedCase(
            name,
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
    ]
}
