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
        #expect(broker.log.contains("'pid_file' has no effect"))
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
}
