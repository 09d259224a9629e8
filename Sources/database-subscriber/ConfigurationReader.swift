// SPDX-License-Identifier: Apache-2.0
//
// `subscriber.conf`, read into a Configuration. Every error is found, not only the first.
import MQTT
import Reactor

struct ConfigurationReader {
    private static let vocabulary = SettingsVocabulary(
        known: [
            "broker", "client_id", "protocol", "topic", "database", "batch", "on_bad_payload",
        ],
        accepted: ["receipts": "this version sends no receipts"])

    private typealias Change = (inout Configuration) -> Void

    private var settings = Settings(ConfigurationReader.vocabulary)

    var errors: [SettingsError] { settings.errors }
    var notices: [SettingsError] { settings.notices }
    private(set) var configuration = Configuration()

    init(file: String?) {
        if let file { settings.read(file: file) }
        for entry in settings.entries {
            let change = settings.take { () throws(SettingsError) in try Self.change(by: entry) }
            change?(&configuration)
        }
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
        case "protocol":
            let version = try entry.choice([
                "5": ProtocolVersion.v5, "3.1.1": .v311, "mqttv5": .v5, "mqttv311": .v311,
            ])
            return { $0.version = version }
        case "topic":
            let filter = try filter(of: entry)
            return { $0.topics.append(filter) }
        case "database":
            let text = try entry.text()
            guard let database = DatabaseLocation(argument: text) else {
                throw entry.refusal("'database' needs sqlite:PATH, not '\(text)'")
            }
            return { $0.database = database }
        case "batch":
            let batch = try batch(of: entry)
            return { $0.batch = batch }
        case "on_bad_payload":
            _ = try entry.choice(["quarantine": true])
            return { _ in }
        default:
            preconditionFailure("key '\(entry.key)' is in the vocabulary but not read")
        }
    }

    private static func filter(of entry: SettingsEntry) throws(SettingsError) -> String {
        let filter = try entry.text()
        do throws(DecodeError) {
            let bytes = filter.utf8.span
            try UTF8Text.validate(bytes, bytes.indices)
            _ = try TopicFilter(bytes, bytes.indices)
        } catch {
            throw entry.refusal("'topic' cannot be subscribed: \(error)")
        }
        return filter
    }

    /// `64 50ms`.
    private static func batch(of entry: SettingsEntry) throws(SettingsError) -> Configuration.Batch
    {
        let words = try entry.words()
        guard words.count == 2, let count = Int(words[0]), (1...100_000).contains(count),
            let time = SettingsEntry.duration(words[1], unit: .milliseconds(1)),
            time <= .seconds(60)
        else {
            throw entry.refusal(
                "'batch' needs a number of messages and a time up to 60s, such as 64 50ms,"
                    + " not '\(entry.value)'")
        }
        return Configuration.Batch(count: count, time: time)
    }
}
