// SPDX-License-Identifier: Apache-2.0
//
// What can be large, slow or sudden about some clients, so that others might have to wait for it.

enum Disturbance: String, CaseIterable {
    /// For comparison.
    case nothing
    /// Subscribes to a flood and never reads.
    case stoppedSubscriber = "stopped-subscriber"
    /// 100 MB in one packet, from one client to another.
    case largeMessage = "large-message"
    /// The same between sessions that outlive their connections.
    case largeDurable = "large-durable-message"
    /// So much is made durable that the store is compacted.
    case checkpoint
    /// Very many connect, go and come again, all at once.
    case reconnects
    /// Very many sessions end within the same second.
    case expiries
    /// One client publishes as fast as it goes, and very many get each message.
    case fanOut = "fan-out"
    /// Clients subscribe to very many retained messages, again and again.
    case retained

    /// The load of another process of this program that is the disturbance; nil for none.
    func load(_ plan: PausesPlan) -> [String]? {
        let time = ["--seconds", "\(plan.seconds)"]
        let pair = ["--name", Self.floodName, "--publishers", "1", "--subscribers", "1"]
        return switch self {
        case .nothing, .expiries, .retained: nil
        case .stoppedSubscriber: ["run", "--qos", "1", "--rate", "20000"] + pair + time
        case .largeMessage: Self.large + pair
        case .largeDurable: Self.large + ["--persistent"] + pair
        case .checkpoint: ["fill", "--messages", "500000"] + pair
        case .reconnects: ["churn", "--connections", "\(plan.connections)"] + time
        case .fanOut: Self.toAll + ["--subscribers", "\(plan.subscribers)"] + time
        }
    }

    private static let large = [
        "run", "--payload", "100000000", "--window", "1", "--messages", "2", "--patience", "60",
    ]

    private static let toAll = [
        "run", "--qos", "0", "--payload", "64", "--topics", "shared", "--publishers", "1",
    ]

    /// Topics of the loads begin with it.
    static let floodName = "flood"
}
