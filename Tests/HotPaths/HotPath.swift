// SPDX-License-Identifier: Apache-2.0
// The ways through the broker that have a budget: what flows on each, and between whom.
import MQTT

enum HotPath: String, CaseIterable {
    case qos0
    case qos1
    case qos2
    /// Window 1000: a receiver whose packets come in long reads.
    case qos2Wide
    /// Both sessions outlive their connections.
    case qos2Durable
    /// One publisher, fifty subscribers.
    case qos2FanOut
    /// CONNECT, CONNACK, DISCONNECT.
    case connecting

    struct Load {
        var qos = QoS.exactlyOnce
        var isDurable = false
        var subscribers = 1
        /// What the publisher has under way, and so what one read brings.
        var window = 100
    }

    var load: Load {
        switch self {
        case .qos0: Load(qos: .atMostOnce)
        case .qos1: Load(qos: .atLeastOnce)
        case .qos2: Load()
        case .qos2Wide: Load(window: 1000)
        case .qos2Durable: Load(isDurable: true)
        case .qos2FanOut: Load(subscribers: 50, window: 20)
        case .connecting: Load(subscribers: 0, window: 1)
        }
    }
}
