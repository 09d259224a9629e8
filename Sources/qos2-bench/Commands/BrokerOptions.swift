// SPDX-License-Identifier: Apache-2.0
//
// Which broker is meant, and how it is told of: the same for all commands that speak to one.
import ArgumentParser
import MQTT

struct BrokerOptions: ParsableArguments {
    @Option(name: [.customShort("h"), .long], help: "The broker's host.")
    var host = "127.0.0.1"

    @Option(name: .shortAndLong, help: "The broker's port.")
    var port: UInt16 = 1883

    @Option(
        name: [.customShort("V"), .customLong("mqtt-version")],
        help: ArgumentHelp("3.1.1 or 5.", valueName: "VERSION"), transform: mqttVersion)
    var version = ProtocolVersion.v5

    @Option(
        name: .customLong("broker-pid"), help: "Tell what this process, the broker, has used.")
    var pid: Int32?

    @Flag(help: "One JSON object in one line.")
    var json = false

    func validate() throws {
        if let pid, ProcessUse(of: pid) == nil {
            throw ValidationError("--broker-pid \(pid): no such process")
        }
    }
}

func mqttVersion(_ text: String) throws -> ProtocolVersion {
    switch text {
    case "3.1.1", "311": return .v311
    case "5", "5.0": return .v5
    default: throw ValidationError("'\(text)' is neither 3.1.1 nor 5")
    }
}
