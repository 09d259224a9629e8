// SPDX-License-Identifier: Apache-2.0
//
// Configuration as people write it, and every error at its place.

import Glibc
import Testing

@testable import Reactor

@Suite struct SettingsTests {
    private let vocabulary = SettingsVocabulary(
        known: ["listener", "max_inflight_messages", "topic", "allow_anonymous"],
        accepted: ["pid_file": "systemd knows the process"],
        notOffered: [
            "certfile": .init(reason: "there is no TLS"),
            "require_certificate": .init(reason: "there is no TLS", harmlessValue: "false"),
            "plugin_opt_*": .init(reason: "there are no plugins"),
        ])

    private func settings(_ text: String) -> Settings {
        var settings = Settings(vocabulary)
        settings.read(text: text, name: "broker.conf")
        return settings
    }

    @Test func entriesInTheirOrderWithTheirPlaces() {
        let read = settings(
            "# a comment\n\nlistener 1883  127.0.0.1 \r\n\ttopic\t line/# \ntopic b")
        #expect(read.errors.isEmpty)
        #expect(read.entries.map(\.key) == ["listener", "topic", "topic"])
        #expect(read.entries.map(\.value) == ["1883  127.0.0.1", "line/#", "b"])
        #expect(read.entries[1].place == Place(file: "broker.conf", line: 4, column: 2))
        #expect(read.entries[1].valueColumn == 9)
        #expect((try? read.entries[0].words()) == ["1883", "127.0.0.1"])
    }

    @Test func unknownKeysAndTheirNeighbours() {
        let read = settings("max_inflight_mesages 3\npid_file /run/x\nlistner 1\nfoo 1\n\u{7}")
        #expect(
            read.errors.map(\.description) == [
                "broker.conf:1:1: unknown key 'max_inflight_mesages': "
                    + "did you mean 'max_inflight_messages'?",
                "broker.conf:3:1: unknown key 'listner': did you mean 'listener'?",
                "broker.conf:4:1: unknown key 'foo'",
                "broker.conf:5:1: unknown key '\u{7}'",
            ])
        #expect(
            read.notices.map(\.description) == [
                "broker.conf:2:1: 'pid_file' has no effect: systemd knows the process"
            ])
    }

    @Test func keysThatAreNotOfferedAreRefused() {
        let read = settings(
            "certfile a.pem\nrequire_certificate false\nrequire_certificate true\n"
                + "plugin_opt_any 1\ncertfil x\nrequire_certificate")
        #expect(
            read.errors.map(\.description) == [
                "broker.conf:1:1: 'certfile' is not offered here: there is no TLS",
                "broker.conf:3:1: 'require_certificate' is not offered here: there is no TLS",
                "broker.conf:4:1: 'plugin_opt_any' is not offered here: there are no plugins",
                "broker.conf:5:1: unknown key 'certfil': did you mean 'certfile'?",
                "broker.conf:6:1: 'require_certificate' is not offered here: there is no TLS",
            ])
        #expect(read.entries.isEmpty && read.notices.isEmpty)
    }

    @Test func distances() {
        #expect(SettingsVocabulary.distance("topic", "topic") == 0)
        #expect(SettingsVocabulary.distance("tpoic", "topic") == 1)
        #expect(SettingsVocabulary.distance("Topics", "topic") == 1)
        #expect(SettingsVocabulary.distance("", "abc") == 3)
        #expect(SettingsVocabulary.distance("kitten", "sitting") == 3)
    }

    @Test func includedFolders() throws {
        let main = temporaryPath("broker.conf")
        let folder = String(main.dropLast("broker.conf".count)) + "broker.d"
        #expect(mkdir(folder, 0o700) == 0)
        write("topic main\ninclude_dir broker.d\ntopic last\n", to: main)
        write("topic b\n", to: folder + "/20.conf")
        write("topic a\ninclude_dir /tmp\n", to: folder + "/10.conf")
        write("nonsense\n", to: folder + "/30.conf.bak")
        for name in ["b", "A", "a", "B"] { write("topic \(name).\n", to: folder + "/\(name).conf") }
        let read = Settings(file: main, vocabulary)
        #expect(
            read.entries.map(\.value) == ["main", "a", "b", "A.", "a.", "B.", "b.", "last"])
        #expect(read.entries[1].place.description == "\(folder)/10.conf:1:1")
        #expect(
            read.errors.map(\.description) == [
                "\(folder)/10.conf:2:1: 'include_dir' is allowed in the main file only"
            ])
    }

    @Test func whatCannotBeRead() {
        let missing = Settings(file: "/nowhere/broker.conf", vocabulary)
        #expect(
            missing.errors.map(\.description) == [
                "/nowhere/broker.conf: cannot be read: No such file or directory"
            ])
        let read = settings("include_dir /nowhere\ninclude_dir")
        #expect(
            read.errors.map(\.description) == [
                "broker.conf:1:13: folder '/nowhere' cannot be read: No such file or directory",
                "broker.conf:2:1: 'include_dir' needs a folder",
            ])
        let bytes = temporaryPath("bytes.conf")
        write([0x74, 0xFF, 0x0A], to: bytes)
        #expect(
            Settings(file: bytes, vocabulary).errors.map(\.description) == [
                "\(bytes):1:1: is not UTF-8 text"
            ])
    }

    @Test func takeCollectsAllErrors() {
        var read = settings("listener x\nallow_anonymous yes\nmax_inflight_messages 70000\ntopic\n")
        let entries = read.entries
        #expect(read.take { () throws(SettingsError) in try entries[0].integer() } == nil)
        #expect(read.take { () throws(SettingsError) in try entries[1].boolean() } == nil)
        #expect(
            read.take { () throws(SettingsError) in try entries[2].integer(in: 1...65535) } == nil)
        #expect(read.take { () throws(SettingsError) in try entries[3].text() } == nil)
        #expect(
            read.errors.map(\.description) == [
                "broker.conf:1:10: 'listener' needs a whole number, not 'x'",
                "broker.conf:2:17: 'allow_anonymous' needs true or false, not 'yes'",
                "broker.conf:3:23: 'max_inflight_messages' must be 1 to 65535, not 70000",
                "broker.conf:4:6: 'topic' needs a value",
            ])
    }

    private func entry(_ value: String) -> SettingsEntry {
        SettingsEntry(
            key: "k", value: value, place: Place(file: "f", line: 1, column: 1), valueColumn: 3)
    }

    @Test func values() throws {
        #expect(try entry("true").boolean() && !entry("false").boolean())
        #expect(try entry("1").boolean() && !entry("0").boolean())
        let months: KeyValuePairs = ["d": Duration.seconds(86_400), "m": .seconds(2_592_000)]
        #expect(try entry("2m").duration(in: months) == .seconds(5_184_000))
        for text in ["2", "m", "2s", "1.5d", "9999999999999m"] {
            #expect(throws: SettingsError.self, "\(text)") { try entry(text).duration(in: months) }
        }
        #expect(try entry("-3").integer() == -3)
        #expect(try entry("b").choice(["a": 1, "b": 2]) == 2)
        #expect(throws: SettingsError.self) { try entry("c").choice(["a": 1, "b": 2]) }
        let durations: [(String, Duration)] = [
            ("2ms", .milliseconds(2)), ("10s", .seconds(10)), ("5m", .seconds(300)),
            ("7d", .seconds(604_800)), ("2 h", .seconds(7200)), ("50us", .microseconds(50)),
            ("3", .seconds(180)), ("0", .zero),
        ]
        for (text, duration) in durations {
            #expect(try entry(text).duration(unit: .seconds(60)) == duration, "\(text)")
        }
        for text in ["", "s", "-1s", "1.5s", "1w", "99999999999999999999d", "9999999999999d"] {
            #expect(throws: SettingsError.self, "\(text)") { try entry(text).duration() }
        }
        let sizes = [
            ("64KiB", 65536), ("1GiB", 1 << 30), ("1MB", 1_000_000), ("7", 7168), ("9 B", 9),
            ("2TiB", 2 << 40),
        ]
        for (text, size) in sizes { #expect(try entry(text).size(unit: 1024) == size, "\(text)") }
        for text in ["", "KiB", "1kib", "-1", "9999999999999TiB"] {
            #expect(throws: SettingsError.self, "\(text)") { try entry(text).size() }
        }
    }

    @Test func hostsAndPorts() throws {
        let good: [(String, String, UInt16)] = [
            ("plc.example:1885", "plc.example", 1885), ("10.0.0.7", "10.0.0.7", 1883),
            ("[::1]:4711", "::1", 4711), ("[fd00::1]", "fd00::1", 1883), ("::1", "::1", 1883),
        ]
        for (text, host, port) in good {
            #expect(
                try entry(text).hostPort(defaultPort: 1883) == HostPort(host: host, port: port))
        }
        #expect(HostPort(host: "::1", port: 5).description == "[::1]:5")
        for text in ["", ":1883", "a:", "a:0", "a:65536", "a:x", "[::1", "[::1]x", "a b:1", "a:+1"]
        {
            #expect(throws: SettingsError.self, "\(text)") {
                try entry(text).hostPort(defaultPort: 1883)
            }
        }
    }

    private func write(_ text: String, to path: String) { write(Array(text.utf8), to: path) }

    private func write(_ bytes: [UInt8], to path: String) {
        let file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        #expect(Glibc.write(file, bytes, bytes.count) == bytes.count)
        close(file)
    }
}
