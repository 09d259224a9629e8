// SPDX-License-Identifier: Apache-2.0
//
// `publisher.conf` and the overlay of an instance, read into a Configuration. Every error is found,
// not only the first.
import ClientCore
import MQTT
import Reactor

struct ConfigurationReader {
    private static let vocabulary = SettingsVocabulary(
        known: [
            "broker", "client_id", "topic", "protocol", "interval", "temperature", "pressure",
            "seed", "outbox_path", "outbox_max_messages", "outbox_overflow", "replay_rate",
        ])

    private typealias Change = (inout Configuration) -> Void

    private var settings = Settings(ConfigurationReader.vocabulary)

    var errors: [SettingsError] { settings.errors }
    var notices: [SettingsError] { settings.notices }
    private(set) var configuration = Configuration()

    /// `publisher.conf`; with an instance also `publisher-NAME.conf` beside it, if there is one: its
    /// lines win.
    init(file: String?, instance: String?) {
        if let file { settings.read(file: file) }
        if let instance {
            configuration.instance = instance
            if let overlay = file.map({ Self.overlay(of: $0, instance) }), isFile(overlay) {
                settings.read(file: overlay)
            }
        }
        for entry in settings.entries {
            let change = settings.take { () throws(SettingsError) in try Self.change(by: entry) }
            change?(&configuration)
        }
    }

    static func overlay(of file: String, _ instance: String) -> String {
        let suffix = ".conf"
        let stem = file.hasSuffix(suffix) ? String(file.dropLast(suffix.count)) : file
        return "\(stem)-\(instance)\(suffix)"
    }

    private static func change(by entry: SettingsEntry) throws(SettingsError) -> Change {
        switch entry.key {
        case "broker":
            let broker = try entry.hostPort(defaultPort: 1883)
            return { $0.broker = broker }
        case "client_id":
            let id = try entry.text()
            guard id.utf8.count <= 256 else { throw entry.refusal("'client_id' is too long") }
            return { $0.clientID = id }
        case "topic":
            let topic = try topic(of: entry)
            return { $0.topic = topic }
        case "protocol":
            let version = try entry.choice([
                "5": ProtocolVersion.v5, "3.1.1": .v311, "mqttv5": .v5, "mqttv311": .v311,
            ])
            return { $0.version = version }
        default:
            return try readingChange(by: entry)
        }
    }

    private static func readingChange(by entry: SettingsEntry) throws(SettingsError) -> Change {
        switch entry.key {
        case "interval":
            let interval = try entry.duration()
            guard interval > .zero else { throw entry.refusal("'interval' must not be 0") }
            return { $0.interval = interval }
        case "temperature":
            let bounds = try bounds(of: entry)
            return { $0.temperature = bounds }
        case "pressure":
            let bounds = try bounds(of: entry)
            return { $0.pressure = bounds }
        case "seed":
            let seed = try entry.integer(in: 0...Int.max)
            return { $0.seed = UInt64(seed) }
        case "outbox_path":
            let path = try entry.text()
            return { $0.outboxPath = path }
        case "outbox_max_messages":
            let count = try entry.integer(in: 1...10_000_000)
            return { $0.outboxMax = count }
        case "outbox_overflow":
            let overflow = try entry.choice([
                "stop-sampling": OutboxOverflow.refuse, "drop-oldest": .dropOldest,
            ])
            return { $0.outboxOverflow = overflow }
        case "replay_rate":
            let rate = try entry.integer(in: 1...1_000_000)
            return { $0.replayRate = rate }
        default:
            preconditionFailure("key '\(entry.key)' is in the vocabulary but not read")
        }
    }

    private static func topic(of entry: SettingsEntry) throws(SettingsError) -> String {
        let topic = try entry.text()
        do throws(DecodeError) {
            let bytes = topic.utf8.span
            try TopicName.validate(bytes, bytes.indices)
        } catch {
            throw entry.refusal("'topic' cannot be published to: \(error)")
        }
        return topic
    }

    private static func bounds(of entry: SettingsEntry) throws(SettingsError) -> Bounds {
        let words = try entry.words()
        let numbers = words.compactMap(hundredths)
        guard words.count == 2, numbers.count == 2 else {
            throw entry.refusal(
                "'\(entry.key)' needs two numbers with at most two decimals, not '\(entry.value)'")
        }
        guard numbers[0] <= numbers[1] else {
            throw entry.refusal("'\(entry.key)' needs the lower bound first, not '\(entry.value)'")
        }
        return Bounds(numbers[0]...numbers[1])
    }

    /// `-7.25` as -725.
    private static func hundredths(_ text: String) -> Int64? {
        guard JSON.isNumber(text), let number = Double(text), abs(number) <= 1e9 else { return nil }
        let hundredths = (number * 100).rounded()
        return abs(number * 100 - hundredths) < 1e-4 ? Int64(hundredths) : nil
    }
}
