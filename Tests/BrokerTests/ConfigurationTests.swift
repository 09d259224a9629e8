// SPDX-License-Identifier: Apache-2.0
// What values mean, which listener a line belongs to, and that everything printed can be read.
import BrokerCore
import MQTT
import Reactor
import Testing

@testable import qos2_broker

@Suite struct ConfigurationTests {
    private func reader(_ text: String) -> ConfigurationReader {
        var reader = ConfigurationReader()
        reader.read(text: text, name: "m.conf")
        return reader
    }

    private func read(
        _ text: String, _ location: SourceLocation = #_sourceLocation
    ) -> Configuration {
        let reader = reader(text)
        #expect(reader.errors.isEmpty, "\(reader.errors)", sourceLocation: location)
        return reader.configuration
    }

    @Test func nothingSaidMeansTheDefaults() {
        let configuration = read("# nothing\n")
        #expect(configuration.listeners.map(\.line) == ["listener 1883 127.0.0.1"])
        #expect(configuration.listeners[0].welcome.allowsAnonymous == true)
        var expected = Limits()
        expected.sysInterval = .seconds(10)
        #expect(configuration.limits == expected)
        #expect(configuration.isPersistent && configuration.tcpNoDelay)
        #expect(configuration.log.destinations == [.stderr])
        #expect(!configuration.admitsNobody)
    }

    @Test func limitsHaveMosquittosMeaning() {
        let limits = read(
            """
            max_keepalive 120
            max_inflight_messages 0
            max_inflight_bytes 1000
            max_queued_messages 0
            max_queued_bytes 0
            max_packet_size 20
            message_size_limit 1000
            memory_limit 1GiB
            retain_available false
            clientid_prefixes secure-
            persistent_client_expiration 2m
            sys_interval 0
            upgrade_outgoing_qos true
            queue_qos0_messages 1
            global_max_clients 5
            """
        ).limits
        #expect(limits.keepAliveMax == 120)
        #expect(limits.inFlightMax == .max && limits.inFlightBytesMax == 1000)
        #expect(limits.waitingMax == .max && limits.waitingBytesMax == .max)
        #expect(limits.packetSizeMax == 20 && limits.payloadBytesMax == 1000)
        #expect(limits.messageBytesMax == 1 << 30)
        #expect(!limits.retainAvailable)
        #expect(limits.clientIDPrefix == "secure-")
        #expect(limits.sessionExpiryMax.seconds == 60 * 86_400, "m is a month")
        #expect(limits.sysInterval == .zero)
        #expect(limits.upgradesOutgoingQoS && limits.queuesQoS0)
        #expect(limits.sessionsMax == 5)
    }

    @Test func zeroAsMosquittoMeansIt() {
        let limits = read("max_packet_size 0\nmessage_size_limit 0\nmemory_limit 0\n").limits
        #expect(limits.packetSizeMax == nil && limits.payloadBytesMax == nil)
        #expect(limits.messageBytesMax == nil)
        let listener = read("max_connections -1\nglobal_max_clients -1").listeners[0]
        #expect(listener.connectionsMax == .max)
    }

    @Test(arguments: [
        ("90s", 90), ("2h", 7200), ("14d", 14 * 86_400), ("3w", 21 * 86_400),
        ("2m", 60 * 86_400), ("1y", 365 * 86_400), ("never", Int(UInt32.max)),
    ])
    func expirations(_ text: String, _ seconds: Int) {
        let limits = read("persistent_client_expiration \(text)").limits
        #expect(Int(limits.sessionExpiryMax.seconds) == seconds)
    }

    @Test func ourOwnKeys() {
        let limits = read(
            """
            connect_timeout 500ms
            max_connect_size 64KiB
            max_topic_length 100
            max_topic_levels 5
            max_subscriptions 7
            max_output_bytes 1MiB
            output_memory 32MiB
            queue_overflow drop-newest
            response_information answers/%c
            server_reference other.example:1883
            """
        ).limits
        #expect(limits.connectTime == .milliseconds(500))
        #expect(limits.connectBytesMax == 64 << 10)
        #expect(limits.topicBytesMax == 100 && limits.topicLevelsMax == 5)
        #expect(limits.subscriptionsMax == 7 && limits.outputBytesMax == 1 << 20)
        #expect(limits.outputMemoryMax == 32 << 20)
        #expect(limits.overflow == .dropNewest)
        #expect(limits.responseInformation == "answers/%c")
        #expect(limits.serverReference == "other.example:1883")
    }

    @Test func valuesOutOfRangeAreErrorsWithTheirPlace() {
        let mistakes = [
            "max_keepalive 65536", "max_keepalive -1", "max_packet_size 19",
            "max_packet_size 268435461", "message_size_limit 268435456", "max_inflight_messages x",
            "max_queued_messages -1", "max_qos 3", "max_topic_alias 65536",
            "max_topic_alias_broker -1", "persistent_client_expiration 7",
            "persistent_client_expiration 0d", "persistent_client_expiration 200y",
            "sys_interval 65536", "sys_interval 10ms", "retain_available yes", "log_type loud",
            "log_dest dlt", "log_dest file", "log_dest nowhere", "log_facility 8",
            "log_timestamp maybe", "max_output_bytes 0", "max_topic_length 0",
            "max_topic_levels 70000", "connect_timeout 0", "connect_timeout 2d",
            "queue_overflow never",
            "socket_domain ipv5", "protocol websockets", "bind_address", "port 0",
            "listener 99999", "listener 0 mqtt.sock", "listener 1 2 3", "max_connections -2",
            "auto_id_prefix \(String(repeating: "x", count: 51))", "clientid_prefixes",
            "per_listener_settings 2", "queue_memory -1", "accept_protocol_versions 3",
            "accept_protocol_versions 4,6", "accept_protocol_versions ,",
        ]
        for mistake in mistakes {
            let errors = reader(" " + mistake).errors
            #expect(errors.count == 1, "\(mistake): \(errors)")
            let key = mistake.prefix { $0 != " " }
            let column = key.count + (mistake.contains(" ") ? 3 : 2)
            #expect(errors.first?.place == Place(file: "m.conf", line: 1, column: column))
            #expect(errors.first?.message.contains(key) == true, "\(mistake): \(errors)")
        }
    }

    /// Every value is taken or refused, and what is taken can be printed and read again.
    @Test func noValueIsTooStrange() {
        let values = [
            "", "0", "1", "-1", "65536", "4294967296", "9223372036854775807",
            "9223372036854775808", "-9223372036854775808", "9223372036854775807d", "1e3", "0x10",
            "+1", "true", "a b", "never", "\u{7}", "%s%n", "'", "5y", "100000000000000y",
            String(repeating: "9", count: 400), String(repeating: "ä", count: 40_000),
        ]
        for key in Key.all.map(\.name) {
            for value in values {
                let first = reader("\(key) \(value)\n")
                guard first.errors.isEmpty else { continue }
                let text = first.configuration.text
                let second = reader(text)
                #expect(second.errors.isEmpty, "\(key) \(value): \(second.errors)")
                #expect(second.configuration.text == text, "\(key) \(value)")
            }
        }
    }

    @Test func everyMistakeIsNamed() {
        let errors = reader("listner 1883\ncertfile a.pem\nmax_qos 3\nmax_keepaliv 3\n").errors
        #expect(errors.map(\.place.line).sorted() == [1, 2, 3, 4])
        #expect(errors.contains { $0.message == "unknown key 'listner': did you mean 'listener'?" })
    }
}

extension ConfigurationTests {
    @Test func linesBelongToTheListenerAboveThem() {
        let configuration = read(
            """
            listener 1883 127.0.0.1
            max_connections 5
            socket_domain ipv4
            listener 1884
            bind_interface lo
            max_qos 1
            accept_protocol_versions 3, 5
            max_topic_alias 3
            max_topic_alias_broker 0
            listener 0 /run/mqtt.sock
            """)
        let listeners = configuration.listeners
        #expect(
            listeners.map(\.address) == [
                .tcp(host: "127.0.0.1", port: 1883), .tcp(host: "", port: 1884),
                .unix("/run/mqtt.sock"),
            ])
        #expect(listeners.map(\.connectionsMax) == [5, .max, .max])
        #expect(listeners[0].scope == ListenScope(family: .ipv4))
        #expect(listeners[1].scope == ListenScope(interface: "lo"))
        #expect(listeners.map(\.qosMax) == [.exactlyOnce, .atLeastOnce, .exactlyOnce])
        #expect(listeners.map(\.versions) == [[.v311, .v5], [.v5], [.v311, .v5]])
        #expect(listeners.map(\.topicAliasMax) == [10, 3, 10])
        #expect(listeners.map(\.outgoingTopicAliasMax) == [10, 0, 10])
        #expect(listeners.allSatisfy { $0.welcome.allowsAnonymous == true }, "all are local")
    }

    @Test func portAndAddressMakeTheDefaultListener() {
        #expect(read("port 1999").listeners.map(\.line) == ["listener 1999"])
        #expect(
            read("bind_address 127.0.0.1\nport 1999").listeners.map(\.line)
                == ["listener 1999 127.0.0.1"])
        #expect(
            read("port 1999\nbind_address ::1").listeners.map(\.line) == ["listener 1999 ::1"])
        #expect(
            read("bind_address 127.0.0.1").listeners.map(\.line) == ["listener 1883 127.0.0.1"])
        let both = read("listener 1884\nport 1883\nmax_connections 3\nlistener 1885\n")
        #expect(both.listeners.map(\.line) == ["listener 1883", "listener 1884", "listener 1885"])
        #expect(both.listeners.map(\.connectionsMax) == [3, .max, .max])
    }

    @Test func aLineForNoListenerIsAnError() {
        let errors = reader("max_connections 3\nmax_qos 2\nlistener 1884\n").errors
        #expect(errors.map(\.place.line) == [1], "2 is what it is anyway")
        #expect(errors.first?.message.contains("put it below the listener") == true)
        #expect(read("max_connections 3\n").listeners[0].connectionsMax == 3)
    }

    @Test func strangersNeedPermissionWhereTheyCanCome() {
        let open = read("listener 1883\n")
        #expect(open.listeners[0].welcome.allowsAnonymous == false && open.admitsNobody)
        #expect(read("listener 1883\nallow_anonymous true\n").admitsNobody == false)
        #expect(read("listener 1883 127.0.0.1\nlistener 0 /run/a\n").admitsNobody == false)
        #expect(read("port 1883\n").admitsNobody)
    }

    @Test func settingsOfOneListener() {
        let text = """
            allow_zero_length_clientid false
            listener 1883
            allow_anonymous true
            auto_id_prefix one-
            listener 1884
            """
        let joint = read(text)
        #expect(joint.listeners.map(\.welcome.allowsAnonymous) == [true, true])
        #expect(joint.listeners.map(\.welcome.assignedClientIDPrefix) == ["one-", "one-"])
        #expect(joint.listeners.map(\.welcome.allowsEmptyClientID) == [false, false])
        let single = read(
            text.split(separator: "\n").dropFirst().joined(separator: "\n")
                + "\nper_listener_settings true\n")
        #expect(single.listeners.map(\.welcome.allowsAnonymous) == [true, false])
        #expect(single.listeners.map(\.welcome.assignedClientIDPrefix) == ["one-", "auto-"])
        let own = read("listener 1\nlistener_allow_anonymous true\nlistener 2\n")
        #expect(own.listeners.map(\.welcome.allowsAnonymous) == [true, false])
    }

    @Test func typesOfLogMessagesAreASet() {
        #expect(read("").log.types == LogSettings.Types.all.subtracting(.debug))
        let some = read("log_type error\nlog_type subscribe\nlog_type websockets\n").log
        #expect(some.types == [.error, .subscribe])
        #expect(some.types.priorities.contains(.critical))
        #expect(!some.types.priorities.contains(.warning))
        #expect(read("log_type all").log.types == .all)
        #expect(read("log_type all\nlog_type none\nlog_type debug").log.types == .debug)
        #expect(read("log_type none").log.types.priorities == Priorities())
    }

    @Test func destinationsOfTheLogAddUp() {
        let log = read("log_dest syslog\nlog_dest file /var/log/a b.log\nlog_dest syslog\n").log
        #expect(log.destinations == [.syslog, .file("/var/log/a b.log")])
        #expect(read("log_dest stdout\nlog_dest none\n").log.destinations == [])
        #expect(read("log_dest none\nlog_dest topic\n").log.destinations == [.topic])
        #expect(reader("log_dest file /a\nlog_dest file /b\n").errors.map(\.place.line) == [2])
        #expect(read("log_timestamp_format %Y").log.timeStamp == .format("%Y"))
        #expect(read("log_timestamp_format %Y\nlog_timestamp false").log.timeStamp == .never)
        #expect(read("log_timestamp true").log.timeStamp == .clock)
        #expect(read("log_facility 5").log.facility == 5)
    }

    @Test(arguments: [
        "", "port 1883\n", "listener 1883\nmax_connections 3\nlistener 0 /run/a.sock\n",
        "per_listener_settings true\nlistener 1\nallow_anonymous true\nlistener 2\n",
        """
        listener 1884 ::1
        max_topic_alias 3
        socket_domain ipv6
        max_keepalive 9
        max_packet_size 100
        message_size_limit 50
        max_queued_messages 0
        max_queued_bytes 1MB
        log_type none
        log_type error
        log_dest file /a b
        log_dest syslog
        log_timestamp true
        log_timestamp_format %H %M
        persistence false
        persistent_client_expiration never
        connect_timeout 1500us
        response_information a b/%c
        set_tcp_nodelay false
        queue_overflow drop-oldest
        """,
    ])
    func whatIsPrintedCanBeReadAgain(_ text: String) {
        let first = read(text)
        let second = read(first.text)
        #expect(second.text == first.text)
        #expect(second.limits == first.limits)
        #expect(second.listeners.map(\.welcome) == first.listeners.map(\.welcome))
        #expect(second.log.types == first.log.types)
        #expect(second.log.destinations == first.log.destinations)
    }

    @Test func everyKeyIsPrinted() {
        let text = read("listener 1883 127.0.0.1\n").text
        let hidden: Set = [
            "port", "bind_address", "listener_allow_anonymous", "listener_auto_id_prefix",
            "retained_persistence",
        ]
        let lines = text.split(separator: "\n")
        for key in Key.all.map(\.name) where !hidden.contains(key) {
            #expect(
                lines.contains { $0.hasPrefix("\(key) ") || $0 == "#\(key)" }, "\(key) is missing")
        }
    }
}
