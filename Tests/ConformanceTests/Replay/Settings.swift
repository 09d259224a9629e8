// SPDX-License-Identifier: Apache-2.0
// Which conversations can be held with a real broker, and how it has to be configured for them.
// What needs the clock, a crash or a full disk is only held in the simulated world.
import BrokerCore
import MQTT

@testable import Scenes

extension Recording {
    /// Lines of the broker's configuration; nil for what is exempt.
    var settings: [String]? {
        exemptionByEvents == nil && !hasChance ? limits.settings : nil
    }

    /// Why it is not held over TCP.
    var exemption: String {
        if hasChance { return "a client identifier is drawn" }
        return exemptionByEvents ?? "a limit without a setting"
    }

    private var exemptionByEvents: String? {
        for event in events {
            switch event {
            case .passed: return "time passes"
            case .befell(.crash), .befell(.shutDown): return "the broker ends"
            case .befell(.storeFull), .befell(.commit), .befell(.commitAll):
                return "the disk is slow or full"
            case .befell(.room): return "a client reads slowly"
            case .opened, .sent, .read, .lost: continue
            }
        }
        return nil
    }
}

extension Limits {
    /// Nil if one of them differs from its default and has no setting.
    var settings: [String]? {
        var lines: [String] = []
        var rest = self
        func set<Value: Equatable>(
            _ limit: WritableKeyPath<Limits, Value>, _ key: String,
            _ text: (Value) -> String = { "\($0)" }
        ) {
            let standard = Limits()[keyPath: limit]
            guard self[keyPath: limit] != standard else { return }
            lines.append("\(key) \(text(self[keyPath: limit]))")
            rest[keyPath: limit] = standard
        }
        set(\.packetSizeMax, "max_packet_size") { "\($0 ?? 0)" }
        set(\.topicBytesMax, "max_topic_length")
        set(\.topicLevelsMax, "max_topic_levels")
        set(\.subscriptionsMax, "max_subscriptions")
        set(\.inFlightMax, "max_inflight_messages") { "\($0 == .max ? 0 : $0)" }
        set(\.waitingMax, "max_queued_messages")
        set(\.topicAliasMax, "max_topic_alias")
        set(\.outgoingTopicAliasMax, "max_topic_alias_broker")
        set(\.sessionExpiryMax, "persistent_client_expiration") { "\($0.seconds)s" }
        set(\.keepAliveMax, "max_keepalive")
        set(\.qosMax, "max_qos") { "\($0.rawValue)" }
        set(\.terms.allowsAnonymous, "allow_anonymous")
        set(\.terms.allowsEmptyClientID, "allow_zero_length_clientid")
        set(\.retainAvailable, "retain_available")
        set(\.upgradesOutgoingQoS, "upgrade_outgoing_qos")
        set(\.queuesQoS0, "queue_qos0_messages")
        set(\.responseInformation, "response_information") { $0 ?? "" }
        set(\.serverReference, "server_reference") { $0 ?? "" }
        set(\.overflow, "queue_overflow") { $0.rawValue }
        return rest == Limits() ? lines : nil
    }
}
