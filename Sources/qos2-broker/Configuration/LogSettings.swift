// SPDX-License-Identifier: Apache-2.0
// What is logged and where, in mosquitto's words.
import BrokerCore
import Reactor

struct LogSettings: Equatable {
    /// mosquitto's types of log messages: a set, not a threshold.
    struct Types: OptionSet {
        let rawValue: UInt8

        static let error = Types(rawValue: 1)
        static let warning = Types(rawValue: 2)
        static let notice = Types(rawValue: 4)
        static let information = Types(rawValue: 8)
        static let subscribe = Types(rawValue: 16)
        static let unsubscribe = Types(rawValue: 32)
        static let debug = Types(rawValue: 64)
        static let all = Types(rawValue: 127)

        static let words: KeyValuePairs<String, Types> = [
            "error": .error, "warning": .warning, "notice": .notice,
            "information": .information, "subscribe": .subscribe, "unsubscribe": .unsubscribe,
            "debug": .debug, "all": .all, "none": [], "websockets": [],
        ]

        /// The words for it, as few as possible.
        var names: [String] {
            switch self {
            case .all: ["all"]
            case []: ["none"]
            default: Self.words.filter { $1 != [] && $1 != .all && contains($1) }.map(\.key)
            }
        }

        var priorities: Priorities {
            var priorities = Priorities()
            func insert(_ type: Types, _ more: Priority...) {
                if contains(type) { more.forEach { priorities.insert($0) } }
            }
            insert(.error, .emergency, .alert, .critical, .error)
            insert(.warning, .warning)
            insert(.notice, .notice)
            insert(.information, .information)
            insert(.debug, .debug)
            return priorities
        }
    }

    enum Destination: Equatable {
        /// journald, where it reads our stderr.
        case stderr
        case stdout
        case syslog
        /// `$SYS/broker/log/…`
        case topic
        case file(String)

        var text: String {
            switch self {
            case .stderr: "stderr"
            case .stdout: "stdout"
            case .syslog: "syslog"
            case .topic: "topic"
            case .file(let path): "file \(path)"
            }
        }
    }

    /// Nil, as the next, while the configuration does not say.
    var givenTypes: Types?
    var givenDestinations: [Destination]?
    /// The number N of `localN`; nil for `daemon`.
    var facility: Int?
    /// Nil: on terminals and in files.
    var showsTime: Bool?
    var timeFormat: String?
    var tellsConnections = true
    var handshakes = HandshakeLogging.auto

    var types: Types { givenTypes ?? Types.all.subtracting(.debug) }

    var destinations: [Destination] { givenDestinations ?? [.stderr] }

    var timeStamp: Log.TimeStamp {
        if showsTime == false { return .never }
        if let timeFormat { return .format(timeFormat) }
        return showsTime == true ? .clock : .automatic
    }

    /// `old`: files that are open already stay so.
    func openDestinations(old: [LogFile] = []) throws(SystemError) -> [Log.Destination] {
        var opened: [Log.Destination] = []
        for destination in destinations {
            switch destination {
            case .stderr: opened.append(.automatic)
            case .stdout: opened.append(.descriptor(1))
            case .syslog: opened.append(.syslog(facility: facility))
            case .topic: break
            case .file(let path):
                let file = old.first { $0.path == path }
                guard let file else {
                    opened.append(.file(try LogFile(path)))
                    continue
                }
                opened.append(.file(file))
            }
        }
        return opened
    }
}
