// SPDX-License-Identifier: Apache-2.0
// The keys that the broker knows, one row each: mosquitto's with mosquitto's meaning, and ours.
// What mosquitto has besides them is in ForeignKeys.swift.
import BrokerCore
import MQTT
import Reactor

extension Key {
    static var all: [Key] {
        structure + welcome + listener + limits + sessions + answers + store + logging
    }

    /// What opens listeners, and how the rest is read.
    private static var structure: [Key] {
        [
            Key("per_listener_settings", .structure, broker: { ["\($0.isPerListener)"] }),
            Key("listener", .structure),
            Key("port", .structure),
            Key("bind_address", .structure),
        ]
    }

    private static var welcome: [Key] {
        let allowAnonymous: Reader<Configuration.Welcome> = {
            (entry, value) throws(SettingsError) in
            value.allowsAnonymous = try entry.boolean()
        }
        let prefix: Reader<Configuration.Welcome> = { (entry, value) throws(SettingsError) in
            let text = try entry.text()
            guard text.utf8.count <= 50 else {
                throw entry.refusal("'\(entry.key)' must be 50 bytes or less")
            }
            value.assignedClientIDPrefix = text
        }
        return [
            Key(
                "allow_anonymous", .welcome(allowAnonymous),
                welcome: { $0.allowsAnonymous.map { "\($0)" } }),
            Key("listener_allow_anonymous", .listenerWelcome(allowAnonymous)),
            Key(
                "allow_zero_length_clientid",
                .welcome { (entry, value) throws(SettingsError) in
                    value.allowsEmptyClientID = try entry.boolean()
                }, welcome: { $0.allowsEmptyClientID.map { "\($0)" } }),
            Key("auto_id_prefix", .welcome(prefix), welcome: { $0.assignedClientIDPrefix }),
            Key("listener_auto_id_prefix", .listenerWelcome(prefix)),
        ]
    }

    private static var listener: [Key] {
        [
            Key(
                "max_connections",
                .listener { (entry, value) throws(SettingsError) in
                    value.connectionsMax = counted(try entry.integer(in: -1 ... .max))
                }, listener: { [printedCount($0.connectionsMax)] }),
            Key(
                "protocol",
                .listener { (entry, _) throws(SettingsError) in
                    guard try entry.text() == "mqtt" else {
                        throw entry.refusal("'protocol' must be mqtt: no other is offered here")
                    }
                }, listener: { _ in ["mqtt"] }),
            Key(
                "socket_domain",
                .listener { (entry, value) throws(SettingsError) in
                    value.scope.family = try entry.choice([
                        "ipv4": ListenScope.Family.ipv4, "ipv6": .ipv6,
                    ])
                }, listener: { $0.scope.family.map { [$0.rawValue] } ?? [] }),
            Key(
                "bind_interface",
                .listener { (entry, value) throws(SettingsError) in
                    value.scope.interface = try entry.text()
                }, listener: { $0.scope.interface.map { [$0] } ?? [] }),
            Key(
                "accept_protocol_versions",
                .listener { (entry, value) throws(SettingsError) in
                    value.versions = try versions(entry)
                },
                listener: { listener in
                    [listener.versions.map { "\($0.rawValue)" }.sorted().joined(separator: ",")]
                }),
            Key(
                "max_qos",
                .listener { (entry, value) throws(SettingsError) in
                    value.qosMax = QoS(rawValue: UInt8(try entry.integer(in: 0...2)))!
                }, listener: { ["\($0.qosMax.rawValue)"] }),
            .listenerNumber("max_topic_alias", in: 0...65_535, \.topicAliasMax),
            .listenerNumber("max_topic_alias_broker", in: 0...65_535, \.outgoingTopicAliasMax),
            .count("global_max_connections", \.connectionsMax),
            .flag("set_tcp_nodelay", \.tcpNoDelay),
        ]
    }

    private static var limits: [Key] {
        [
            .number("max_keepalive", in: 0...65_535, \.limits.keepAliveMax),
            .bytes("max_packet_size", in: 20...268_435_460, \.limits.packetSizeMax),
            .size("max_connect_size", in: 1024...268_435_460, \.limits.connectBytesMax),
            .bytes("message_size_limit", in: 1...268_435_455, \.limits.payloadBytesMax),
            .bytes("memory_limit", in: 1...(.max), \.limits.messageBytesMax),
            Key(
                "max_inflight_messages",
                .broker { (entry, value) throws(SettingsError) in
                    let count = UInt16(try entry.integer(in: 0...65_535))
                    value.limits.inFlightMax = count == 0 ? .max : count
                }, broker: { ["\($0.limits.inFlightMax)"] }),
            .bytes("max_inflight_bytes", \.limits.inFlightBytesMax),
            .bound("max_queued_messages", \.limits.waitingMax),
            .bytes("max_queued_bytes", \.limits.waitingBytesMax),
            .size("max_output_bytes", in: 1024...(1 << 29), \.limits.outputBytesMax),
            .size("output_memory", in: 1 << 20...(.max), \.limits.outputMemoryMax),
            .number("max_topic_length", in: 1...65_535, \.limits.topicBytesMax),
            .number("max_topic_levels", in: 1...65_535, \.limits.topicLevelsMax),
            .bound("max_subscriptions", \.limits.subscriptionsMax),
            Key(
                "connect_timeout",
                .broker { (entry, value) throws(SettingsError) in
                    let time = try entry.duration()
                    guard time > .zero, time <= .seconds(86_400) else {
                        throw entry.refusal("'connect_timeout' must be more than 0, at most 1d")
                    }
                    value.limits.connectTime = time
                }, broker: { [printed($0.limits.connectTime)] }),
        ]
    }

    private static var sessions: [Key] {
        [
            .count("global_max_clients", \.limits.sessionsMax),
            .text("clientid_prefixes", bytesMax: 65_535, \.limits.clientIDPrefix),
            Key(
                "persistent_client_expiration",
                .broker { (entry, value) throws(SettingsError) in
                    value.limits.sessionExpiryMax = try expiry(entry)
                }, broker: { [printed($0.limits.sessionExpiryMax)] }),
            .flag("queue_qos0_messages", \.limits.queuesQoS0),
            .flag("upgrade_outgoing_qos", \.limits.upgradesOutgoingQoS),
            Key(
                "queue_overflow",
                .broker { (entry, value) throws(SettingsError) in
                    value.limits.overflow = try entry.choice([
                        "refuse": Limits.Overflow.refuse, "drop-oldest": .dropOldest,
                        "drop-newest": .dropNewest,
                    ])
                }, broker: { [$0.limits.overflow.rawValue] }),
        ]
    }

    private static var answers: [Key] {
        [
            .flag("retain_available", \.limits.retainAvailable),
            .text("response_information", bytesMax: 65_535, \.limits.responseInformation),
            .text("server_reference", bytesMax: 65_535, \.limits.serverReference),
            Key(
                "sys_interval",
                .broker { (entry, value) throws(SettingsError) in
                    let time = try entry.duration()
                    guard time <= .seconds(65_535), time == .zero || time >= .seconds(1) else {
                        throw entry.refusal("'sys_interval' must be 0, or 1 to 65535 seconds")
                    }
                    value.limits.sysInterval = time
                }, broker: { [printed($0.limits.sysInterval)] }),
        ]
    }

    private static var store: [Key] {
        [
            .flag("persistence", \.isPersistent),
            Key(
                "retained_persistence",  // mosquitto's older name
                .broker { (entry, value) throws(SettingsError) in
                    value.isPersistent = try entry.boolean()
                }),
            Key(
                "persistence_location",
                .broker { (entry, value) throws(SettingsError) in
                    value.storeFolder = try entry.text()
                }, broker: { [$0.storeFolder] }),
            .size("queue_memory", in: 0...(.max), \.bodyMemoryMax),
        ]
    }
}

extension Key {
    /// `4, 5`: the levels of CONNECT.
    private static func versions(
        _ entry: SettingsEntry
    ) throws(SettingsError) -> Set<ProtocolVersion> {
        var versions: Set<ProtocolVersion> = []
        for word in try entry.text().split(whereSeparator: { ", \t".contains($0) }) {
            switch word {
            case "3": continue  // MQTT 3.1 is refused anyway.
            case "4": versions.insert(.v311)
            case "5": versions.insert(.v5)
            default:
                throw entry.refusal("'\(entry.key)' needs some of 3, 4 and 5, not '\(word)'")
            }
        }
        guard !versions.isEmpty else {
            throw entry.refusal("'\(entry.key)' must have 4 or 5: MQTT 3.1 is not spoken here")
        }
        return versions
    }

    /// mosquitto's units, in which `m` is a month.
    private static func expiry(_ entry: SettingsEntry) throws(SettingsError) -> SessionExpiry {
        if entry.value == "never" { return SessionExpiry(seconds: .max) }
        let day = Duration.seconds(86_400)
        let time = try entry.duration(in: [
            "s": .seconds(1), "h": .seconds(3600), "d": day, "w": day * 7, "m": day * 30,
            "y": day * 365,
        ])
        let seconds = time.components.seconds
        guard seconds > 0, seconds < Int64(UInt32.max) else {
            throw entry.refusal(
                "'\(entry.key)' must be never, or 1s to \(UInt32.max - 1)s (136y)")
        }
        return SessionExpiry(seconds: UInt32(seconds))
    }

    private static func printed(_ expiry: SessionExpiry) -> String {
        expiry.seconds == .max ? "never" : "\(expiry.seconds)s"
    }

    /// In the largest unit that it is a whole number of.
    private static func printed(_ time: Duration) -> String {
        let microseconds = time.nanoseconds / 1000
        if microseconds % 1_000_000 == 0 { return "\(microseconds / 1_000_000)s" }
        return microseconds % 1000 == 0 ? "\(microseconds / 1000)ms" : "\(microseconds)us"
    }
}
