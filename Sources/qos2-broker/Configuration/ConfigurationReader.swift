// SPDX-License-Identifier: Apache-2.0
// mosquitto.conf as it is, read into a Configuration. Every error is found, not only the first.
// What a key means is in KnownKeys.swift; here is which listener it is for.
import BrokerCore
import MQTT
import Reactor

struct ConfigurationReader {
    /// Which listener the keys of a file belong to.
    private enum Place {
        case standard
        case listener(Int)
    }

    private var settings = Settings(ForeignKeys.vocabulary)
    private var value = Configuration()
    private let keys: [String: Key]
    /// mosquitto's default listener: it is opened where `port` or `bind_address` asks for it, or
    /// nobody for another.
    private var standard = Configuration.Listener.standard
    private var standardIsWanted = false
    /// What was set for it.
    private var standardEntries: [SettingsEntry] = []
    /// By file: an included one begins with the default listener, and so does the main one.
    private var places: [String: Place] = [:]

    init() {
        keys = Dictionary(uniqueKeysWithValues: Key.all.map { ($0.name, $0) })
    }

    var errors: [SettingsError] { settings.errors }
    var notices: [SettingsError] { settings.notices }

    var configuration: Configuration {
        var complete = value
        if standardIsWanted { complete.listeners.insert(standard, at: 0) }
        if complete.listeners.isEmpty { complete.listeners = [standard] }
        complete.complete()
        return complete
    }

    mutating func read(file: String) {
        settings.read(file: file)
        takeEntries()
    }

    mutating func read(text: String, name: String) {
        settings.read(text: text, name: name)
        takeEntries()
    }

    /// As mosquitto's `-p`: loopback only, beside what the file says.
    mutating func listen(onPort port: UInt16) {
        var listener = Configuration.Listener.standard
        listener.address = .tcp(host: "127.0.0.1", port: port)
        listener.line = "listener \(port) 127.0.0.1"
        value.listeners.append(listener)
    }

    /// As mosquitto's `-v`.
    mutating func beVerbose() {
        value.log.handshakes = .always
        value.log.givenTypes = .all
    }

    private mutating func takeEntries() {
        readPerListener()
        for entry in settings.entries {
            do throws(SettingsError) {
                try read(entry)
            } catch {
                settings.refuse(error)
            }
        }
        checkStandardListener()
    }

    /// Everything else is read by it, so it comes first wherever it stands.
    private mutating func readPerListener() {
        for entry in settings.entries where entry.key == "per_listener_settings" {
            do throws(SettingsError) {
                value.isPerListener = try entry.boolean()
            } catch {
                settings.refuse(error)
            }
        }
    }

    private mutating func read(_ entry: SettingsEntry) throws(SettingsError) {
        guard let key = keys[entry.key] else {
            preconditionFailure("key '\(entry.key)' is in the vocabulary but not read")
        }
        switch key.reading {
        case .structure: try readStructure(entry)
        case .broker(let read): try read(entry, &value)
        case .listener(let read): try change(entry, read)
        case .welcome(let read) where !value.isPerListener: try read(entry, &value.welcome)
        case .welcome(let read), .listenerWelcome(let read):
            try change(entry) { (entry, listener) throws(SettingsError) in
                try read(entry, &listener.welcome)
            }
        }
    }

    /// Changes the listener that the line belongs to.
    private mutating func change(
        _ entry: SettingsEntry, _ read: Key.Reader<Configuration.Listener>
    ) throws(SettingsError) {
        switch places[entry.place.file] ?? .standard {
        case .listener(let index): try read(entry, &value.listeners[index])
        case .standard:
            let before = standard
            try read(entry, &standard)
            if standard != before { standardEntries.append(entry) }
        }
    }

    private mutating func readStructure(_ entry: SettingsEntry) throws(SettingsError) {
        switch entry.key {
        case "listener":
            places[entry.place.file] = .listener(value.listeners.count)
            var listener = Configuration.Listener.standard
            listener.line = "listener \(entry.value)"
            value.listeners.append(listener)
            value.listeners[value.listeners.count - 1].address = try Self.address(entry)
        case "port":
            places[entry.place.file] = .standard
            let port = UInt16(try entry.integer(in: 1...65_535))
            setStandard(host: standardIsWanted ? nil : "", port: port)
        case "bind_address":
            places[entry.place.file] = .standard
            let words = try entry.words()
            guard words.count == 1 else {
                throw entry.refusal("'bind_address' needs one address, not '\(entry.value)'")
            }
            setStandard(host: words[0], port: nil)
        default:
            break  // `per_listener_settings` is read already.
        }
    }

    /// What is nil stays as it is.
    private mutating func setStandard(host: String?, port: UInt16?) {
        guard case .tcp(let oldHost, let oldPort) = standard.address else { return }
        let (host, port) = (host ?? oldHost, port ?? oldPort)
        standardIsWanted = true
        standard.address = .tcp(host: host, port: port)
        standard.line = host.isEmpty ? "listener \(port)" : "listener \(port) \(host)"
    }

    /// `listener PORT [ADDRESS]`, or `listener 0 PATH` for a Unix socket.
    private static func address(_ entry: SettingsEntry) throws(SettingsError) -> ListenAddress {
        let words = try entry.words()
        guard words.count <= 2, let port = UInt16(words[0]) else {
            throw entry.refusal("'listener' needs PORT [ADDRESS], not '\(entry.value)'")
        }
        guard port > 0 else {
            guard words.count == 2, words[1].hasPrefix("/") else {
                throw entry.refusal("'listener 0' needs the path of a Unix socket")
            }
            return .unix(words[1])
        }
        return .tcp(host: words.count == 2 ? words[1] : "", port: port)
    }

    /// mosquitto opens port 1883 for such a line, which nobody expects who has listeners.
    private mutating func checkStandardListener() {
        guard !standardIsWanted, !value.listeners.isEmpty else { return }
        for entry in standardEntries {
            settings.refuse(
                entry.place,
                "'\(entry.key)' stands before every listener and is for none: "
                    + "put it below the listener that it is for")
        }
    }
}
