// SPDX-License-Identifier: Apache-2.0
// A key that the broker knows: how its value is read, how it is printed again, and whether it is the
// broker's or a listener's. The keys themselves are in KnownKeys.swift.
import BrokerCore
import MQTT
import Reactor

struct Key {
    typealias Reader<Target> =
        (SettingsEntry, inout Target) throws(SettingsError) -> Void

    /// Whose value it is.
    enum Reading {
        case broker(Reader<Configuration>)
        case listener(Reader<Configuration.Listener>)
        /// The broker's, or with `per_listener_settings true` a listener's.
        case welcome(Reader<Configuration.Welcome>)
        /// A listener's, whatever `per_listener_settings` says.
        case listenerWelcome(Reader<Configuration.Welcome>)
        /// It opens or moves a listener, or says how the others are read: the reader's own work.
        case structure
    }

    let name: String
    let reading: Reading
    /// What is printed: values, none where the key is not set.
    private let brokerValues: (Configuration) -> [String]?
    private let listenerValues: (Configuration.Listener) -> [String]?
    private let welcomeValue: (Configuration.Welcome) -> String?

    init(
        _ name: String, _ reading: Reading,
        broker: @escaping (Configuration) -> [String]? = { _ in nil },
        listener: @escaping (Configuration.Listener) -> [String]? = { _ in nil },
        welcome: @escaping (Configuration.Welcome) -> String? = { _ in nil }
    ) {
        self.name = name
        self.reading = reading
        brokerValues = broker
        listenerValues = listener
        welcomeValue = welcome
    }

    /// As a configuration file has them outside of listeners.
    func lines(of configuration: Configuration) -> [String] {
        switch reading {
        case .broker: lines(brokerValues(configuration))
        case .welcome where !configuration.isPerListener:
            lines(welcomeValue(configuration.welcome).map { [$0] })
        case .structure: lines(brokerValues(configuration))
        case .welcome, .listener, .listenerWelcome: []
        }
    }

    /// As it has them below a listener.
    func lines(
        of listener: Configuration.Listener, in configuration: Configuration
    ) -> [String] {
        switch reading {
        case .listener: lines(listenerValues(listener))
        case .welcome where configuration.isPerListener:
            lines(welcomeValue(listener.welcome).map { [$0] })
        case .welcome, .listenerWelcome, .broker, .structure: []
        }
    }

    /// Nil for what this key never prints, nothing for what is not set.
    private func lines(_ values: [String]?) -> [String] {
        guard let values else { return [] }
        return values.isEmpty ? ["#\(name)"] : values.map { "\(name) \($0)" }
    }
}

extension Key {
    static func flag(_ name: String, _ path: WritableKeyPath<Configuration, Bool>) -> Key {
        Key(
            name,
            .broker { (entry, value) throws(SettingsError) in
                value[keyPath: path] = try entry.boolean()
            }, broker: { ["\($0[keyPath: path])"] })
    }

    /// A number in a range, as it stands.
    static func number<Number: FixedWidthInteger>(
        _ name: String, in range: ClosedRange<Int>,
        _ path: WritableKeyPath<Configuration, Number>
    ) -> Key {
        Key(
            name,
            .broker { (entry, value) throws(SettingsError) in
                value[keyPath: path] = Number(try entry.integer(in: range))
            }, broker: { ["\($0[keyPath: path])"] })
    }

    /// A number of things, 0 for no bound.
    static func bound(_ name: String, _ path: WritableKeyPath<Configuration, Int>) -> Key {
        Key(
            name,
            .broker { (entry, value) throws(SettingsError) in
                value[keyPath: path] = bounded(try entry.integer(in: 0 ... .max))
            }, broker: { [printed($0[keyPath: path])] })
    }

    /// A number of things, -1 for no bound, as mosquitto counts connections and clients.
    static func count(_ name: String, _ path: WritableKeyPath<Configuration, Int>) -> Key {
        Key(
            name,
            .broker { (entry, value) throws(SettingsError) in
                value[keyPath: path] = counted(try entry.integer(in: -1 ... .max))
            }, broker: { [printedCount($0[keyPath: path])] })
    }

    /// Bytes, 0 for no bound.
    static func bytes(_ name: String, _ path: WritableKeyPath<Configuration, Int>) -> Key {
        Key(
            name,
            .broker { (entry, value) throws(SettingsError) in
                value[keyPath: path] = bounded(try entry.size())
            }, broker: { [printed($0[keyPath: path])] })
    }

    /// Bytes in a range.
    static func size(
        _ name: String, in range: ClosedRange<Int>, _ path: WritableKeyPath<Configuration, Int>
    ) -> Key {
        Key(
            name,
            .broker { (entry, value) throws(SettingsError) in
                let size = try entry.size()
                guard range.contains(size) else {
                    throw entry.refusal(
                        "'\(name)' must be \(range.lowerBound) to \(range.upperBound) bytes")
                }
                value[keyPath: path] = size
            }, broker: { ["\($0[keyPath: path])"] })
    }

    /// Bytes in a range or 0, which stands for nil.
    static func bytes<Number: FixedWidthInteger>(
        _ name: String, in range: ClosedRange<Int>,
        _ path: WritableKeyPath<Configuration, Number?>
    ) -> Key {
        Key(
            name,
            .broker { (entry, value) throws(SettingsError) in
                let size = try entry.size()
                guard size == 0 || range.contains(size) else {
                    let most = range.upperBound == .max ? "more" : "at most \(range.upperBound)"
                    throw entry.refusal(
                        "'\(name)' must be 0, or \(range.lowerBound) or \(most), not \(size)")
                }
                value[keyPath: path] = size == 0 ? nil : Number(size)
            }, broker: { ["\($0[keyPath: path] ?? 0)"] })
    }

    /// Text that may be missing.
    static func text(
        _ name: String, bytesMax: Int, _ path: WritableKeyPath<Configuration, String?>
    ) -> Key {
        Key(
            name,
            .broker { (entry, value) throws(SettingsError) in
                let text = try entry.text()
                guard text.utf8.count <= bytesMax else {
                    throw entry.refusal("'\(name)' must be \(bytesMax) bytes or less")
                }
                value[keyPath: path] = text
            }, broker: { $0[keyPath: path].map { [$0] } ?? [] })
    }

    /// A number of a listener.
    static func listenerNumber(
        _ name: String, in range: ClosedRange<Int>,
        _ path: WritableKeyPath<Configuration.Listener, UInt16>
    ) -> Key {
        Key(
            name,
            .listener { (entry, value) throws(SettingsError) in
                value[keyPath: path] = UInt16(try entry.integer(in: range))
            }, listener: { ["\($0[keyPath: path])"] })
    }

    /// mosquitto's 0 is our "as many as there can be".
    static func bounded(_ number: Int) -> Int { number == 0 ? .max : number }

    static func printed(_ bound: Int) -> String { bound == .max ? "0" : "\(bound)" }

    /// So is its -1, and 0, which it never refuses anybody for.
    static func counted(_ number: Int) -> Int { number <= 0 ? .max : number }

    static func printedCount(_ bound: Int) -> String { bound == .max ? "-1" : "\(bound)" }
}
