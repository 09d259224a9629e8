// SPDX-License-Identifier: Apache-2.0
// Who comes from mosquitto brings a configuration along: the broker starts with it.
import Foundation
import Testing

@Suite struct StartupMosquittoConfiguration {
    /// What Debian installs, with the folders of the test.
    private func debian(_ stage: Stage) throws -> String {
        try FileManager.default.createDirectory(
            at: stage.folder.appending(path: "conf.d"), withIntermediateDirectories: true)
        _ = try stage.write("conf.d/local.conf", "listener \(stage.port) 127.0.0.1\n")
        return try stage.write(
            "mosquitto.conf",
            """
            # Place your local configuration in /etc/mosquitto/conf.d/
            #
            # A full description of the configuration file is at
            # /usr/share/doc/mosquitto/examples/mosquitto.conf.example

            pid_file /run/mosquitto/mosquitto.pid

            persistence true
            persistence_location \(stage.folder.path)/lib/

            log_dest file \(stage.folder.path)/mosquitto.log

            include_dir \(stage.folder.path)/conf.d

            """)
    }

    @Test func debiansDefaultStartsAndItsLogRotates() throws {
        let stage = try Stage()
        let file = stage.folder.appending(path: "mosquitto.log")
        let moved = stage.folder.appending(path: "mosquitto.log.1")
        let text = { (log: URL) in (try? String(contentsOf: log, encoding: .utf8)) ?? "" }
        let broker = try stage.start("qos2-broker", ["-c", debian(stage)])
        try broker.wait(for: "a line in the log") { text(file).contains("listening on") }
        #expect(text(file).contains("'pid_file' has no effect"))
        try FileManager.default.moveItem(at: file, to: moved)
        kill(broker.pid, SIGHUP)
        try broker.wait(for: "a line in the new log") { text(file).contains("reloaded") }
        #expect(!text(moved).contains("reloaded"))
        #expect(try broker.stop() == 0)
        #expect(text(file).contains("stopping"))
    }

    @Test func aLogThatCannotBeOpenedIsTold() throws {
        let stage = try Stage()
        let file = try stage.write(
            "a.conf", "listener \(stage.port) 127.0.0.1\nlog_dest file /nowhere/a.log\n")
        let broker = try stage.start("qos2-broker", ["-c", file])
        #expect(try broker.end() == 1)
        #expect(broker.log.contains("open /nowhere/a.log"), "\(broker.log)")
    }

    /// A file of Configurations, with the port and the folder of the test.
    private func file(_ name: String, _ stage: Stage) throws -> String {
        let source = Repository.file("Tests/SystemTests/Startup/Configurations/\(name).conf")
        let text = try String(contentsOf: source, encoding: .utf8)
            .replacingOccurrences(of: "PORT", with: "\(stage.port)")
            .replacingOccurrences(of: "FOLDER", with: stage.folder.path)
        return try stage.write("mosquitto.conf", text)
    }

    private func start(_ file: String, _ stage: Stage) throws -> Program {
        let broker = try stage.start("qos2-broker", ["-c", file])
        try broker.wait(for: "an open port", until: { accepts(stage.port) })
        return broker
    }

    /// The client's exit status.
    private func publish(_ stage: Stage, client: String = "plant-1") throws -> Int32 {
        try Program(
            URL(filePath: "/usr/bin/mosquitto_pub"),
            ["-p", "\(stage.port)", "-i", client, "-q", "2", "-t", "a", "-m", "b"],
            in: stage.folder
        ).end()
    }

    @Test(arguments: ["open", "container", "raspberry", "factory", "interface"])
    func whatPeopleHaveStartsAndServes(_ name: String) throws {
        let stage = try Stage()
        let broker = try start(file(name, stage), stage)
        #expect(try publish(stage) == 0)
        #expect(try broker.stop() == 0, "\(broker.log)")
    }

    @Test(arguments: [
        ("password", [3, 4]), ("encrypted", [2, 3, 4, 5, 6]), ("browsers", [5, 6]),
        ("bridge", [2, 3, 4, 5, 6]), ("plugin", [2, 3]),
    ])
    func whatIsMissingIsRefusedLineByLine(_ name: String, _ lines: [Int]) throws {
        let stage = try Stage()
        let file = try file(name, stage)
        let broker = try stage.start("qos2-broker", ["-c", file])
        #expect(try broker.end() == 78)
        let errors = broker.lines.filter { $0.contains("offered here") }
        #expect(errors.count == lines.count, "\(broker.log)")
        for line in lines {
            #expect(errors.contains { $0.contains("\(file):\(line):") }, "line \(line)")
        }
    }

    /// The lines of mosquitto's example that are not refused, one at a time, below a listener.
    @Test(arguments: [
        "accept_protocol_versions 3,4,5", "allow_anonymous true", "allow_duplicate_messages true",
        "allow_zero_length_clientid true", "auto_id_prefix auto-", "autosave_interval 1800",
        "autosave_on_changes false", "bind_interface lo", "check_retain_source true",
        "clientid_prefixes plant", "connection_messages true", "enable_control_api false",
        "global_max_clients -1", "global_max_connections -1", "listener_allow_anonymous true",
        "listener_auto_id_prefix auto-", "log_dest stderr", "log_dest syslog", "log_dest topic",
        "log_dest none", "log_facility 5", "log_timestamp true",
        "log_timestamp_format %Y-%m-%dT%H:%M:%S", "log_type error", "log_type all",
        "max_connections -1", "max_inflight_bytes 0", "max_inflight_messages 20",
        "max_keepalive 65535", "max_packet_size 0", "max_qos 2", "max_queued_bytes 0",
        "max_queued_messages 1000", "max_topic_alias 10", "max_topic_alias_broker 10",
        "memory_limit 0", "message_size_limit 0", "mptcp false", "packet_buffer_size 4096",
        "per_listener_settings false", "persistence false", "persistence true",
        "persistence_file mosquitto.db", "persistent_client_expiration 14d", "pid_file",
        "protocol mqtt", "queue_qos0_messages false", "require_certificate false",
        "retain_available true", "retain_expiry_interval 10", "set_tcp_nodelay false",
        "socket_domain ipv4", "sys_interval 10", "upgrade_outgoing_qos false",
        "use_identity_as_username false", "use_username_as_clientid false", "user mosquitto",
        "websockets_headers_size", "websockets_log_level 0",
    ])
    func everyLineAloneStartsAndServes(_ line: String) throws {
        let stage = try Stage()
        let text = "listener \(stage.port) 127.0.0.1\n\(line)\n"
        let broker = try start(stage.write("a.conf", text), stage)
        #expect(try publish(stage) == 0, "\(broker.log)")
        #expect(try broker.stop() == 0, "\(broker.log)")
    }

    @Test func clientsOfOtherNamesAreRefused() throws {
        let stage = try Stage()
        let broker = try start(file("interface", stage), stage)
        #expect(try publish(stage, client: "office-1") != 0)
        try broker.waitFor("client office-1 refused")
        #expect(try broker.stop() == 0)
    }

    @Test func whatIsPrintedStartsAgain() throws {
        let stage = try Stage()
        let printed = try output(
            of: Repository.program("qos2-broker").path,
            ["-c", file("factory", stage), "--print-config"])
        let broker = try start(stage.write("printed.conf", printed + "\n"), stage)
        #expect(try publish(stage) == 0)
        #expect(try broker.stop() == 0, "\(broker.log)")
    }

    @Test func aListenersLimitOfConnections() throws {
        let stage = try Stage()
        let broker = try start(
            stage.write("a.conf", "listener \(stage.port) 127.0.0.1\nmax_connections 1\n"), stage)
        let first = try Program(
            URL(filePath: "/usr/bin/stdbuf"),
            ["-oL", "mosquitto_sub", "-p", "\(stage.port)", "-d", "-t", "a", "-W", "20"],
            in: stage.folder)
        try first.waitFor("Subscribed (mid:")
        #expect(try publish(stage) != 0)
        first.crash()
        try broker.waitFor("gone")
        #expect(try publish(stage) == 0)
        #expect(try broker.stop() == 0)
    }
}

/// What happens to a running broker when its configuration changes.
@Suite struct StartupReload {
    private func broker(_ stage: Stage, _ settings: String) throws -> Program {
        let broker = try stage.start("qos2-broker", ["-c", write(stage, settings)])
        try broker.wait(for: "an open port", until: { accepts(stage.port) })
        return broker
    }

    private func write(_ stage: Stage, _ settings: String) throws -> String {
        try stage.write("b.conf", "listener \(stage.port) 127.0.0.1\n" + settings)
    }

    private func connect(_ stage: Stage) throws -> Int32 {
        try Program(
            URL(filePath: "/usr/bin/mosquitto_pub"),
            ["-p", "\(stage.port)", "-i", "c", "-t", "a", "-n"], in: stage.folder
        ).end()
    }

    @Test func aFailedReloadChangesNothingAndNamesEveryError() throws {
        let stage = try Stage()
        let broker = try broker(stage, "")
        let file = try write(
            stage, "allow_anonymous false\nmax_qos 7\nlog_dest file /nowhere/a\nlistner 1\n")
        kill(broker.pid, SIGHUP)
        try broker.waitFor("reload failed: the old configuration stays in force")
        for place in ["\(file):3:9: 'max_qos'", "\(file):5:1: unknown key 'listner'"] {
            #expect(broker.log.contains(place), "\(broker.log)")
        }
        #expect(!broker.log.contains("configuration reloaded"))
        #expect(try connect(stage) == 0)
        _ = try write(stage, "allow_anonymous false\nlog_dest file /nowhere/a\n")
        kill(broker.pid, SIGHUP)
        try broker.waitFor("open /nowhere/a")
        #expect(try connect(stage) == 0)
        #expect(try broker.stop() == 0)
    }

    @Test func aReloadHoldsForThoseWhoComeAfterIt() throws {
        let stage = try Stage()
        let broker = try broker(stage, "")
        _ = try write(
            stage, "allow_anonymous false\nconnection_messages false\nlog_type all\npid_file a\n")
        kill(broker.pid, SIGHUP)
        try broker.waitFor("configuration reloaded")
        #expect(broker.log.contains("'pid_file' has no effect"))
        #expect(broker.log.contains("nobody may connect"))
        #expect(try connect(stage) != 0)
        _ = try stage.write("b.conf", "listener \(stage.port + 1) 127.0.0.1\n")
        kill(broker.pid, SIGHUP)
        try broker.waitFor("configuration reloaded; at the next start: listeners")
        #expect(try broker.stop() == 0)
    }
}
