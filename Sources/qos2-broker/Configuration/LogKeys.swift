// SPDX-License-Identifier: Apache-2.0
// The keys of the log. Several lines of `log_type` and of `log_dest` add up; the first takes the
// place of the defaults, and `none` of everything before it.
import BrokerCore
import Reactor

extension Key {
    static var logging: [Key] {
        [
            Key(
                "log_type",
                .broker { (entry, value) throws(SettingsError) in
                    let type = try entry.choice(LogSettings.Types.words)
                    let isNone = entry.value == "none"
                    value.log.givenTypes = isNone ? [] : (value.log.givenTypes ?? []).union(type)
                }, broker: { $0.log.types.names }),
            Key(
                "log_dest",
                .broker { (entry, value) throws(SettingsError) in
                    try addDestination(entry, to: &value.log)
                },
                broker: {
                    $0.log.destinations.isEmpty ? ["none"] : $0.log.destinations.map(\.text)
                }),
            Key(
                "log_facility",
                .broker { (entry, value) throws(SettingsError) in
                    value.log.facility = try entry.integer(in: 0...7)
                }, broker: { $0.log.facility.map { ["\($0)"] } ?? [] }),
            Key(
                "log_timestamp",
                .broker { (entry, value) throws(SettingsError) in
                    value.log.showsTime = try entry.boolean()
                }, broker: { $0.log.showsTime.map { ["\($0)"] } ?? [] }),
            .text("log_timestamp_format", bytesMax: 100, \.log.timeFormat),
            .flag("connection_messages", \.log.tellsConnections),
            Key(
                "log_handshakes",
                .broker { (entry, value) throws(SettingsError) in
                    value.log.handshakes = try entry.choice([
                        "auto": HandshakeLogging.auto, "always": .always, "never": .never,
                    ])
                }, broker: { [$0.log.handshakes.rawValue] }),
        ]
    }

    private static func addDestination(
        _ entry: SettingsEntry, to log: inout LogSettings
    ) throws(SettingsError) {
        let words = try entry.words()
        let before = log.givenDestinations ?? []
        let destination: LogSettings.Destination
        switch words[0] {
        case "none" where words.count == 1:
            log.givenDestinations = []
            return
        case "stderr" where words.count == 1: destination = .stderr
        case "stdout" where words.count == 1: destination = .stdout
        case "syslog" where words.count == 1: destination = .syslog
        case "topic" where words.count == 1: destination = .topic
        case "file" where words.count > 1:
            let path = entry.value.dropFirst(4).drop { $0 == " " || $0 == "\t" }
            destination = .file(String(path))
            let others = before.filter { $0 != destination }
            if others.contains(where: { if case .file = $0 { true } else { false } }) {
                throw entry.refusal("'log_dest file' is allowed once")
            }
        case "dlt", "android":
            throw entry.refusal("'log_dest \(words[0])' is not offered here: it is not of Linux")
        default:
            throw entry.refusal(
                "'log_dest' needs stderr, stdout, syslog, topic, none or file PATH, "
                    + "not '\(entry.value)'")
        }
        log.givenDestinations = before.contains(destination) ? before : before + [destination]
    }
}
