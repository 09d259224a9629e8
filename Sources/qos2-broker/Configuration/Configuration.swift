// SPDX-License-Identifier: Apache-2.0
// What the broker was told to be: the values in force, with their defaults.
import BrokerCore
import MQTT
import Reactor

struct Configuration: Equatable {
    /// Empty for the standard one.
    var listeners: [Listener] = []
    /// Whether the settings of `Welcome` are a listener's own.
    var isPerListener = false
    /// For the listeners that do not say otherwise.
    var welcome = Welcome()
    var limits = Limits()
    /// Over all listeners.
    var connectionsMax = Int.max
    var tcpNoDelay = true
    /// Bytes of queued messages kept in memory; the rest lies in a file beside the journal.
    var bodyMemoryMax = 256 << 20
    var isPersistent = true
    var storeFolder = environment("STATE_DIRECTORY") ?? "./qos2-data"
    var log = LogSettings()

    /// Where clients come in, and what holds for them there.
    struct Listener: Equatable {
        var address: ListenAddress
        var scope = ListenScope()
        var connectionsMax = Int.max
        var welcome = Welcome()
        var versions = Terms().versions
        var qosMax = Terms().qosMax
        var topicAliasMax = Terms().topicAliasMax
        var outgoingTopicAliasMax = Terms().outgoingTopicAliasMax
        /// As the configuration words it, for error messages.
        var line: String

        static let standard = Listener(
            address: .tcp(host: "127.0.0.1", port: 1883), line: "listener 1883 127.0.0.1")

        /// Only this machine can reach it.
        var isLocal: Bool {
            if let interface = scope.interface { return interface == "lo" }
            return switch address {
            case .tcp(let host, _):
                host == "localhost" || host == "::1" || host.hasPrefix("127.")
            case .unix: true
            case .passed: false
            }
        }
    }

    /// Who may connect; nil while the configuration does not say.
    struct Welcome: Equatable {
        var allowsAnonymous: Bool?
        var allowsEmptyClientID: Bool?
        var assignedClientIDPrefix: String?

        /// The same, with the gaps filled from another.
        func or(_ other: Welcome) -> Welcome {
            Welcome(
                allowsAnonymous: allowsAnonymous ?? other.allowsAnonymous,
                allowsEmptyClientID: allowsEmptyClientID ?? other.allowsEmptyClientID,
                assignedClientIDPrefix: assignedClientIDPrefix ?? other.assignedClientIDPrefix)
        }
    }

    init() {
        limits.sysInterval = .seconds(10)
    }

    /// Fills in what depends on other values: from now on every listener says all.
    mutating func complete() {
        if listeners.isEmpty { listeners = [.standard] }
        let standard = Terms()
        let last = Welcome(
            allowsAnonymous: listeners.allSatisfy(\.isLocal),
            allowsEmptyClientID: standard.allowsEmptyClientID,
            assignedClientIDPrefix: standard.assignedClientIDPrefix)
        welcome = welcome.or(last)
        for index in listeners.indices {
            listeners[index].welcome = listeners[index].welcome.or(welcome)
        }
        isPerListener = listeners.contains { $0.welcome != welcome }
    }

    /// Nil for a journal in memory.
    var journalFolder: String? { isPersistent ? storeFolder : nil }

    /// Nobody can come in: there are no passwords yet that could make anybody known.
    var admitsNobody: Bool { listeners.allSatisfy { $0.welcome.allowsAnonymous == false } }

    /// The configuration as a file that means the same: what is not set is a comment.
    var text: String {
        let keys = Key.all
        var lines: [String] = []
        for key in keys { lines += key.lines(of: self) }
        for listener in listeners {
            lines.append("")
            lines.append(listener.line)
            for key in keys { lines += key.lines(of: listener, in: self) }
        }
        return lines.map { $0 + "\n" }.joined()
    }
}

/// Everything that is wrong with a configuration, in the order of its lines.
struct ConfigurationErrors: Error {
    let all: [SettingsError]
}
