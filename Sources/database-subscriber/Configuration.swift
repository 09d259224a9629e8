// SPDX-License-Identifier: Apache-2.0
//
// What the subscriber was told to be: the values in force, with their defaults. Where they come from
// is ConfigurationReader's.
import ClientCore
import MQTT
import Reactor

struct Configuration: Equatable {
    /// When a transaction ends.
    struct Batch: Equatable {
        /// Messages at most.
        var count: Int
        /// How long the first of them may wait while more come. When nothing more comes, nobody
        /// waits.
        var time: Duration
    }

    var broker = HostPort(host: "127.0.0.1", port: 1883)
    var clientID = "database-subscriber"
    var version = ProtocolVersion.v5
    /// Empty for the standard one.
    var topics: [String] = []
    var database = DatabaseLocation.standard
    var batch = Batch(count: 64, time: .milliseconds(50))

    static let standardTopic = "sensor/data"

    var clientOptions: ClientOptions {
        var options = ClientOptions(
            clientID: ClientID(clientID), server: broker.description)
        options.version = version
        // A filter that the server has already brings no retained messages again.
        let wanted = SubscriptionOptions(maximumQoS: .exactlyOnce, retainHandling: .sendIfNew)
        options.subscriptions = (topics.isEmpty ? [Self.standardTopic] : topics).map {
            SubscribeEncoder.Request($0, wanted)
        }
        return options
    }
}
