// SPDX-License-Identifier: Apache-2.0
// What the broker was told to be: the values in force, with their defaults, and their text for
// `--print-config`.
import BrokerCore
import MQTT
import Reactor

struct Configuration {
    struct Listener: Equatable {
        var address: ListenAddress
        /// As the configuration words it, for error messages.
        var line: String

        /// Only this machine can reach it.
        var isLocal: Bool {
            switch address {
            case .tcp(let host, _):
                host == "localhost" || host == "::1" || host.hasPrefix("127.")
            case .unix: true
            case .passed: false
            }
        }
    }

    /// Empty for the standard one.
    var listeners: [Listener] = []
    var limits = Limits()
    /// Nil while the configuration leaves it to the listeners.
    var allowsAnonymous: Bool?
    var connectionsMax = Int.max
    var tcpNoDelay = true
    var handshakeLogging = HandshakeLogging.auto
    /// Bytes of queued messages kept in memory; the rest lies in a file beside the journal.
    var bodyMemoryMax = 256 << 20
    /// Nil for a journal in memory.
    var storeFolder: String? = Configuration.standardStoreFolder
    var logDestination = Log.Destination.automatic
    /// Where lines go instead, if anywhere.
    var logFile: String?
    var logThreshold = Priority.information
    var logTimestamp: Bool?

    static let standardListener = Listener(
        address: .tcp(host: "127.0.0.1", port: 1883), line: "listener 1883 127.0.0.1")

    static var standardStoreFolder: String {
        environment("STATE_DIRECTORY") ?? "./qos2-data"
    }

    /// Fills in what depends on other values.
    mutating func complete() {
        if listeners.isEmpty { listeners = [Self.standardListener] }
        limits.allowsAnonymous = allowsAnonymous ?? listeners.allSatisfy(\.isLocal)
    }

    /// The configuration as a file that means the same.
    var text: String {
        var lines = listeners.map(\.line)
        lines += [
            "persistence \(storeFolder != nil)",
            "allow_anonymous \(limits.allowsAnonymous)",
            "max_connections \(connectionsMax == .max ? -1 : connectionsMax)",
            "max_inflight_messages \(limits.inFlightMax)",
            "max_queued_messages \(limits.waitingMax)",
            "max_packet_size \(limits.packetSizeMax ?? 0)",
            "max_keepalive \(limits.keepAliveMax)",
            "max_topic_alias \(limits.topicAliasMax)",
            "persistent_client_expiration \(limits.sessionExpiryMax.seconds)s",
            "queue_overflow \(limits.overflow.rawValue)",
            "retain_available \(limits.retainAvailable)",
            "allow_zero_length_clientid \(limits.allowsEmptyClientID)",
            "auto_id_prefix \(limits.assignedClientIDPrefix)",
            "set_tcp_nodelay \(tcpNoDelay)",
            "log_handshakes \(handshakeLogging.rawValue)",
            "queue_memory \(bodyMemoryMax)",
        ]
        if let logFile { lines.append("log_dest file \(logFile)") }
        if let storeFolder { lines.append("persistence_location \(storeFolder)") }
        return lines.map { $0 + "\n" }.joined()
    }
}

/// Everything that is wrong with a configuration, in the order of its lines.
struct ConfigurationErrors: Error {
    let all: [SettingsError]
}
