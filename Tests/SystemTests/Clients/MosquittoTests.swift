// SPDX-License-Identifier: Apache-2.0
//
// Debian's mosquitto_pub and mosquitto_sub against the broker: a client in C that nobody here wrote.
import Foundation
import Testing

private let versions = ["311", "5"]
private let levels = ["0", "1", "2"]

@Suite(.serialized) struct MosquittoClients {
    /// One broker for each test, with mosquitto's tools pointed at it.
    private struct Room {
        let stage: Stage
        let broker: Program

        init(_ settings: String = "") throws {
            stage = try Stage()
            broker = try stage.startBroker(settings)
        }

        func publish(_ arguments: String...) throws {
            _ = try output(of: "/usr/bin/mosquitto_pub", ["-p", "\(stage.port)"] + arguments)
        }

        /// A subscriber that is subscribed when this returns (-d tells so).
        func subscribe(_ arguments: String...) throws -> Program {
            let subscriber = try mosquittoSub(["-d", "-W", "20"] + arguments)
            try subscriber.waitFor("Subscribed (mid:")
            return subscriber
        }

        /// With line buffering, or its output would stay in it until its end.
        func mosquittoSub(_ arguments: [String]) throws -> Program {
            try Program(
                URL(filePath: "/usr/bin/stdbuf"),
                ["-oL", "mosquitto_sub", "-p", "\(stage.port)"] + arguments, in: stage.folder)
        }

        func end(_ location: SourceLocation = #_sourceLocation) throws {
            #expect(try broker.stop() == 0, "\(broker.log)", sourceLocation: location)
        }
    }

    @Test(arguments: versions, levels)
    func exchange(_ version: String, _ qos: String) throws {
        let room = try Room()
        let subscriber = try room.subscribe(
            "-V", version, "-q", qos, "-t", "sensor/data", "-C", "3", "-F", "got %t q%q %p")
        for payload in ["one", "two", "three"] {
            try room.publish("-V", version, "-q", qos, "-t", "sensor/data", "-m", payload)
        }
        #expect(try subscriber.end() == 0, "\(subscriber.log)")
        let got = subscriber.lines.filter { $0.hasPrefix("got ") }
        #expect(got == ["one", "two", "three"].map { "got sensor/data q\(qos) \($0)" })
        try room.end()
    }

    @Test(arguments: [("5", "311"), ("311", "5")])
    func versionsMeet(_ sender: String, _ receiver: String) throws {
        let room = try Room()
        let subscriber = try room.subscribe("-V", receiver, "-q", "2", "-t", "a/#", "-C", "1")
        try room.publish("-V", sender, "-q", "2", "-t", "a/b/c", "-m", "across")
        #expect(try subscriber.end() == 0)
        #expect(subscriber.lines.contains("across"))
        try room.end()
    }

    @Test(arguments: versions)
    func twoThousandLinesInOrder(_ version: String) throws {
        let room = try Room()
        let subscriber = try room.subscribe(
            "-V", version, "-q", "2", "-t", "line", "-C", "2000", "-F", "got %p")
        let lines = (1...2_000).map(String.init)
        let file = try room.stage.write("lines", lines.joined(separator: "\n") + "\n")
        _ = try output(
            of: "/usr/bin/mosquitto_pub",
            ["-p", "\(room.stage.port)", "-V", version, "-q", "2", "-t", "line", "-l"],
            input: URL(filePath: file))
        #expect(try subscriber.end() == 0)
        let got = subscriber.lines.filter { $0.hasPrefix("got ") }.map { $0.dropFirst(4) }
        #expect(got.map(String.init) == lines)
        try room.end()
    }

    @Test(arguments: versions)
    func retainedMessageComesFirstAndGoes(_ version: String) throws {
        let room = try Room()
        try room.publish("-V", version, "-q", "2", "-t", "r", "-m", "kept", "-r")
        let subscriber = try room.subscribe(
            "-V", version, "-q", "2", "-t", "r", "-C", "1", "-F", "%r %p")
        #expect(try subscriber.end() == 0)
        #expect(subscriber.lines.contains("1 kept"))
        try room.publish("-V", version, "-q", "2", "-t", "r", "-n", "-r")
        let second = try room.subscribe(
            "-V", version, "-q", "2", "-t", "r", "-C", "1", "-F", "%r %p")
        try room.publish("-V", version, "-q", "2", "-t", "r", "-m", "fresh")
        #expect(try second.end() == 0)
        #expect(second.lines.contains("0 fresh") && !second.log.contains("kept"))
        try room.end()
    }

    @Test(arguments: versions)
    func willIsPublishedForAKilledClient(_ version: String) throws {
        let room = try Room()
        let watcher = try room.subscribe("-V", version, "-q", "2", "-t", "will", "-C", "1")
        let mortal = try room.subscribe(
            "-V", version, "-t", "other", "-i", "mortal",
            "--will-topic", "will", "--will-payload", "gone", "--will-qos", "2")
        mortal.crash()
        #expect(try watcher.end() == 0)
        #expect(watcher.lines.contains("gone"))
        try room.end()
    }

    @Test(arguments: versions)
    func persistentSessionKeepsWhatCameMeanwhile(_ version: String) throws {
        let room = try Room()
        let lasting = version == "5" ? ["-x", "60"] : []
        func subscribe(_ count: String) throws -> Program {
            try room.mosquittoSub(
                ["-V", version, "-c", "-i", "keeper", "-q", "2"]
                    + lasting + ["-t", "k", "-C", count, "-W", "20", "-d", "-F", "got %p"])
        }
        let first = try subscribe("1")
        try first.waitFor("Subscribed (mid:")
        try room.publish("-q", "2", "-t", "k", "-m", "now")
        #expect(try first.end() == 0)
        for payload in ["later 1", "later 2"] {
            try room.publish("-q", "2", "-t", "k", "-m", payload)
        }
        let second = try subscribe("2")
        #expect(try second.end() == 0)
        let got = second.lines.filter { $0.hasPrefix("got ") }
        #expect(got == ["got later 1", "got later 2"])
        try room.end()
    }

    /// The values and the log, as tools that watch a mosquitto read them.
    @Test(arguments: versions)
    func theBrokerTellsOfItself(_ version: String) throws {
        let room = try Room("sys_interval 1\nlog_dest topic\nlog_dest stderr\n")
        let watcher = try room.subscribe(
            "-V", version, "-i", "watcher", "-q", "2", "-t", "$SYS/#", "-F", "%r %q %t %p")
        for name in [
            "version qos2", "uptime ", "clients/total ", "messages/received ", "heap/current ",
            "load/bytes/sent/15min ", "retained messages/count 0", "event_loop/lag/maximum ",
        ] {
            try watcher.waitFor("1 0 $SYS/broker/\(name)")
        }
        try room.publish("-i", "plant", "-q", "2", "-t", "a", "-m", "b")
        for line in [
            " $SYS/broker/clients/connected 1", "0 0 $SYS/broker/publish/messages/received 1",
            "0 0 $SYS/broker/publish/bytes/received 1",
            "0 0 $SYS/broker/log/I client plant connected", "0 0 $SYS/broker/clients/maximum ",
        ] {
            try watcher.waitFor(line)
        }
        let other = try room.subscribe("-V", version, "-t", "#", "-F", "all %t")
        try watcher.waitFor("0 0 $SYS/broker/log/M/subscribe ")
        try watcher.waitFor("0 0 $SYS/broker/subscriptions/count 2")
        #expect(!other.log.contains("all $SYS"))
        try room.end()
    }

    @Test func handshakeIsLoggedOnBothSidesOfTheBroker() throws {
        let room = try Room()
        let subscriber = try room.subscribe("-q", "2", "-V", "5", "-t", "sensor/data", "-C", "1")
        try room.publish("-q", "2", "-V", "5", "-t", "sensor/data", "-m", "seen")
        #expect(try subscriber.end() == 0)
        for step in [
            "[1/4] recv PUBLISH", "[2/4] send PUBREC", "[3/4] recv PUBREL", "[4/4] send PUBCOMP",
            "[1/4] send PUBLISH", "[2/4] recv PUBREC", "[3/4] send PUBREL", "[4/4] recv PUBCOMP",
        ] {
            try room.broker.waitFor(step)
        }
        try room.end()
    }
}
