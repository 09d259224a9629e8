// SPDX-License-Identifier: Apache-2.0
// mosquitto.conf as it is, read into a Configuration. Every error is found, not only the first;
// what is mosquitto's but has no meaning here is accepted with a notice.
import BrokerCore
import MQTT
import Reactor

struct ConfigurationReader {
    private static let vocabulary = SettingsVocabulary(
        known: [
            "listener", "port", "bind_address", "max_connections", "protocol", "allow_anonymous",
            "persistent_client_expiration", "max_inflight_messages", "max_queued_messages",
            "max_packet_size", "max_keepalive", "max_topic_alias", "retain_available",
            "set_tcp_nodelay",
            "allow_zero_length_clientid", "auto_id_prefix", "log_type", "log_dest",
            "log_timestamp", "queue_overflow", "log_handshakes", "persistence",
            "persistence_location", "queue_memory",
        ],
        accepted: [
            "autosave_interval": "nothing is saved by a timer here",
            "autosave_on_changes": "nothing is saved by a timer here",
            "persistence_file": "the store is a folder and names its files itself",
            "user": "the service manager chooses the user",
            "pid_file": "the service manager knows the process",
        ])

    private var settings = Settings(ConfigurationReader.vocabulary)
    private var value = Configuration()
    /// How many entries of `settings` are in `value` already.
    private var taken = 0

    var errors: [SettingsError] { settings.errors }
    var notices: [SettingsError] { settings.notices }

    var configuration: Configuration {
        var complete = value
        complete.complete()
        return complete
    }

    mutating func read(file: String) {
        settings.read(file: file)
        let entries = settings.entries[taken...]
        taken = settings.entries.count
        let bindAddress = entries.last { $0.key == "bind_address" }?.value
        for entry in entries {
            let change = settings.take { () throws(SettingsError) in
                try Self.change(by: entry, bindAddress)
            }
            change?(&value)
        }
    }

    /// As mosquitto's `-p`: loopback only, beside what the file says.
    mutating func listen(onPort port: UInt16) {
        value.listeners.append(
            Configuration.Listener(
                address: .tcp(host: "127.0.0.1", port: port), line: "listener \(port) 127.0.0.1"))
    }

    mutating func beVerbose() {
        value.handshakeLogging = .always
        value.logThreshold = .debug
    }

    private typealias Change = (inout Configuration) -> Void

    private static func change(
        by entry: SettingsEntry, _ bindAddress: String?
    ) throws(SettingsError) -> Change {
        switch entry.key {
        case "listener", "port", "bind_address", "protocol", "max_connections",
            "set_tcp_nodelay":
            try networkChange(by: entry, bindAddress)
        case "log_type", "log_dest", "log_timestamp", "log_handshakes":
            try logChange(by: entry)
        case "persistence", "persistence_location":
            try persistenceChange(by: entry)
        default:
            try limitChange(by: entry)
        }
    }

    private static func networkChange(
        by entry: SettingsEntry, _ bindAddress: String?
    ) throws(SettingsError) -> Change {
        switch entry.key {
        case "listener":
            let listener = try listener(entry)
            return { $0.listeners.append(listener) }
        case "port":
            let port = UInt16(try entry.integer(in: 1...65_535))
            let listener = Configuration.Listener(
                address: .tcp(host: bindAddress ?? "", port: port), line: "port \(port)")
            return { $0.listeners.append(listener) }
        case "bind_address":
            _ = try entry.text()
            return { _ in }
        case "protocol":
            guard try entry.text() == "mqtt" else {
                throw entry.refusal("'protocol' must be mqtt: no other is offered")
            }
            return { _ in }
        case "max_connections":
            let count = try entry.integer(in: -1...Int.max)
            return { $0.connectionsMax = count < 0 ? .max : count }
        default:
            let noDelay = try entry.boolean()
            return { $0.tcpNoDelay = noDelay }
        }
    }

    /// `listener PORT [ADDRESS]`, or `listener 0 PATH` for a Unix socket.
    private static func listener(
        _ entry: SettingsEntry
    ) throws(SettingsError) -> Configuration.Listener {
        let words = try entry.words()
        guard words.count <= 2, let port = UInt16(words[0]) else {
            throw entry.refusal("'listener' needs PORT [ADDRESS], not '\(entry.value)'")
        }
        let line = "listener \(entry.value)"
        guard port > 0 else {
            guard words.count == 2, words[1].hasPrefix("/") else {
                throw entry.refusal("'listener 0' needs the path of a Unix socket")
            }
            return Configuration.Listener(address: .unix(words[1]), line: line)
        }
        let host = words.count == 2 ? words[1] : ""
        return Configuration.Listener(address: .tcp(host: host, port: port), line: line)
    }

    private static func logChange(by entry: SettingsEntry) throws(SettingsError) -> Change {
        switch entry.key {
        case "log_type":
            let threshold = try entry.choice([
                "error": Priority.error, "warning": .warning, "notice": .notice,
                "information": .information, "subscribe": .information,
                "unsubscribe": .information, "debug": .debug, "all": .debug, "none": .emergency,
            ])
            return { $0.logThreshold = max($0.logThreshold, threshold) }
        case "log_dest":
            if entry.value.hasPrefix("file ") {
                let path = String(entry.value.dropFirst(5).drop { $0 == " " })
                return { $0.logFile = path }
            }
            let destination = try entry.choice([
                "stderr": Log.Destination.automatic, "stdout": .descriptor(1), "none": .none,
            ])
            return {
                $0.logDestination = destination
                $0.logFile = nil
            }
        case "log_timestamp":
            let shows = try entry.boolean()
            return { $0.logTimestamp = shows }
        default:
            let logging = try entry.choice([
                "auto": HandshakeLogging.auto, "always": .always, "never": .never,
            ])
            return { $0.handshakeLogging = logging }
        }
    }

    private static func persistenceChange(
        by entry: SettingsEntry
    ) throws(SettingsError) -> Change {
        if entry.key == "persistence_location" {
            let folder = try entry.text()
            return { $0.storeFolder = $0.storeFolder == nil ? nil : folder }
        }
        guard try entry.boolean() else { return { $0.storeFolder = nil } }
        return { $0.storeFolder = $0.storeFolder ?? Configuration.standardStoreFolder }
    }

    private static func limitChange(by entry: SettingsEntry) throws(SettingsError) -> Change {
        switch entry.key {
        case "allow_anonymous":
            let allows = try entry.boolean()
            return { $0.allowsAnonymous = allows }
        case "persistent_client_expiration":
            let duration = try entry.duration()
            let seconds = UInt32(clamping: duration.components.seconds)
            return { $0.limits.sessionExpiryMax = SessionExpiry(seconds: seconds) }
        case "max_inflight_messages":  // mosquitto: 0 is no limit but the protocol's
            let count = UInt16(try entry.integer(in: 0...65_535))
            return { $0.limits.inFlightMax = count == 0 ? .max : count }
        case "max_queued_messages":
            let count = try entry.integer(in: 0...Int.max)
            return { $0.limits.waitingMax = count == 0 ? .max : count }
        case "max_packet_size":
            let size = UInt32(clamping: try entry.size())
            return { $0.limits.packetSizeMax = size == 0 ? nil : size }
        case "max_keepalive":
            let seconds = UInt16(try entry.integer(in: 0...65_535))
            return { $0.limits.keepAliveMax = seconds }
        case "max_topic_alias":
            let count = UInt16(try entry.integer(in: 0...65_535))
            return { $0.limits.topicAliasMax = count }
        case "retain_available":
            let available = try entry.boolean()
            return { $0.limits.retainAvailable = available }
        case "allow_zero_length_clientid":
            let allows = try entry.boolean()
            return { $0.limits.allowsEmptyClientID = allows }
        case "auto_id_prefix":
            let prefix = try entry.text()
            return { $0.limits.assignedClientIDPrefix = prefix }
        case "queue_memory":
            let size = try entry.size()
            return { $0.bodyMemoryMax = size }
        case "queue_overflow":
            let overflow = try entry.choice([
                "refuse": Limits.Overflow.refuse, "drop-oldest": .dropOldest,
                "drop-newest": .dropNewest,
            ])
            return { $0.limits.overflow = overflow }
        default:
            preconditionFailure("key '\(entry.key)' is in the vocabulary but not read")
        }
    }
}
