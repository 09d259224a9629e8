// SPDX-License-Identifier: Apache-2.0
//
// What the publisher was told to be: the values in force, with their defaults. Where they come from
// is ConfigurationReader's.
import ClientCore
import MQTT
import Reactor

struct Configuration: Equatable {
    var broker = HostPort(host: "127.0.0.1", port: 1883)
    /// `%i` stands for the name of the instance.
    var clientID = "plc-%i"
    var topic = "sensor/data"
    var version = ProtocolVersion.v5
    var interval = Duration.seconds(3)
    /// Degrees Celsius.
    var temperature = Bounds(20_00...30_00)
    /// Bar.
    var pressure = Bounds(1_00...2_00)
    /// Nil for readings that nobody can repeat.
    var seed: UInt64?
    /// Nil for the standard one; `%i` stands for the name of the instance.
    var outboxPath: String?
    var outboxMax = 100_000
    var outboxOverflow = OutboxOverflow.refuse
    /// Readings per second of a replay.
    var replayRate = 10

    /// Which line of the plant this is.
    var instance = "line1"

    /// The client identifier, which is also the name of the stream.
    var stream: String { clientID.replacing("%i", with: instance) }

    var outboxFolder: String {
        outboxPath?.replacing("%i", with: instance) ?? OutboxFolder.standard(of: stream)
    }

    var clientOptions: ClientOptions {
        var options = ClientOptions(
            clientID: ClientID(stream), server: broker.description)
        options.version = version
        options.outboxMax = outboxMax
        options.outboxOverflow = outboxOverflow
        return options
    }
}
