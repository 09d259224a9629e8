// SPDX-License-Identifier: Apache-2.0
//
// The services as an operator has them: under a real systemd, watched through systemctl and
// journalctl only.
import Foundation
import Testing

@Suite(.serialized) struct Systemd {
    /// Enables the companions, starts the target, and waits for rows; the beginning of most tests.
    private let started = """
        printf 'interval 200ms\\n' >>/etc/qos2/publisher.conf
        systemctl enable --quiet database-subscriber.service plc-publisher@line1.service
        systemctl start qos2.target
        until_true '[ $(rows) -ge 5 ]'

        """

    private func run(
        _ script: String, _ location: SourceLocation = #_sourceLocation
    ) throws -> Machine.Run {
        let run = try Machine.run(script)
        #expect(run.status == 0, "\(run.output)", sourceLocation: location)
        return run
    }

    @Test func targetStartsEverythingAndRowsArrive() throws {
        let run = try run(
            started + """
                for unit in qos2.target qos2-broker database-subscriber plc-publisher@line1; do
                    systemctl is-active $unit
                done
                until_true 'systemctl show -P StatusText qos2-broker | grep "serving 2 clients"'
                systemctl show -P User qos2-broker database-subscriber plc-publisher@line1
                """)
        #expect(run.lines.prefix(4).allSatisfy { $0 == "active" })
        #expect(run.lines[4].contains("serving 2 clients"), "\(run.output)")
        #expect(run.lines.dropFirst(5) == ["qos2", "qos2", "qos2"])
    }

    /// Ready means listening: whoever is ordered after the broker may connect at once.
    @Test func readyMeansListening() throws {
        _ = try run(
            """
            systemctl start qos2-broker
            exec 3<>/dev/tcp/127.0.0.1/1883
            [ "$(systemctl show -P Type qos2-broker)" = notify ]
            """)
    }

    @Test func oneMessageIsFoundInAllThreeServices() throws {
        let run = try run(
            started + """
                journalctl --sync
                journalctl -o json MQTT_MESSAGE=plc-line1/3 |
                    sed -n 's/.*"SYSLOG_IDENTIFIER":"\\([^"]*\\)".*/\\1/p' | sort | uniq -c
                journalctl -o cat MQTT_MESSAGE=plc-line1/3 -t qos2-broker
                """)
        let services = run.lines.prefix(3).map { $0.split(separator: " ").joined(separator: " ") }
        #expect(services.contains("8 qos2-broker"), "\(run.output)")
        for name in ["database-subscriber", "plc-publisher"] {
            let count = services.first { $0.hasSuffix(name) }?.prefix { $0 != " " }
            #expect(count.flatMap { Int($0) } ?? 0 >= 4, "\(run.output)")
        }
        for step in [
            "[1/4] recv PUBLISH", "[2/4] send PUBREC", "[3/4] recv PUBREL", "[4/4] send PUBCOMP",
            "[1/4] send PUBLISH", "[2/4] recv PUBREC", "[3/4] send PUBREL", "[4/4] recv PUBCOMP",
        ] {
            #expect(run.lines.contains { $0.hasPrefix(step) }, "\(step)\n\(run.output)")
        }
    }

    @Test func linesCarryTheirFieldsAndTheirCatalogEntry() throws {
        let run = try run(
            started + """
                journalctl --sync
                journalctl -o json -n 1 -t qos2-broker MQTT_CLIENT=plc-line1 MQTT_PACKET=PUBREC
                echo
                journalctl -x -n 1 -t qos2-broker MQTT_CLIENT=plc-line1 MQTT_PACKET=PUBREC
                """)
        let line = try #require(run.lines.first)
        for field in [
            "\"MQTT_DIRECTION\":\"out\"", "\"MQTT_STEP\":\"2\"", "\"MQTT_FLOW\":\"plc-line1#",
            "\"MQTT_MID\":", "\"MQTT_QOS\":\"2\"", "\"MQTT_TOPIC\":\"sensor/data\"",
            "\"MQTT_DURATION_USEC\":", "\"MQTT_MESSAGE\":\"plc-line1/", "\"MESSAGE_ID\":",
            "\"PRIORITY\":\"6\"", "\"_SYSTEMD_UNIT\":\"qos2-broker.service\"",
        ] {
            #expect(line.contains(field), "\(field) is not in \(line)")
        }
        #expect(run.output.contains("Subject:"), "no catalog entry:\n\(run.output)")
    }

    @Test func everythingStopsCleanly() throws {
        _ = try run(
            started + """
                systemctl stop qos2.target
                for unit in qos2-broker database-subscriber plc-publisher@line1; do
                    until_true "[ \\$(systemctl show -P ActiveState $unit) = inactive ]"
                    systemctl show -P Result -P ExecMainStatus $unit
                    [ "$(systemctl show -P Result $unit)" = success ]
                    [ "$(systemctl show -P ExecMainStatus $unit)" = 0 ]
                done
                [ -z "$(systemctl --failed --no-legend)" ]
                [ "$(sqlite3 $database 'SELECT max(seq) - min(seq) + 1 - count(*) FROM readings')" = 0 ]
                """)
    }

    @Test func reloadKeepsTheServiceRunning() throws {
        _ = try run(
            started + """
                before=$(systemctl show -P MainPID qos2-broker)
                systemctl reload qos2-broker
                until_true 'journalctl -t qos2-broker | grep "configuration reloaded" >/dev/null'
                [ "$(systemctl show -P MainPID qos2-broker)" = "$before" ]
                echo 'listner 1' >>/etc/qos2/broker.conf
                systemctl reload qos2-broker || true
                until_true 'journalctl -t qos2-broker -p err | grep "reload failed" >/dev/null'
                journalctl -t qos2-broker | grep "broker.conf:.*listner" >/dev/null
                until_true 'systemctl show -P StatusText qos2-broker | grep "reload failed" >/dev/null'
                sed -i '$d' /etc/qos2/broker.conf
                systemctl reload qos2-broker
                until_true 'systemctl show -P StatusText qos2-broker | grep "^serving" >/dev/null'
                count=$(rows); until_true "[ \\$(rows) -gt $count ]"
                [ "$(systemctl show -P MainPID qos2-broker)" = "$before" ]
                """)
    }

    @Test func hangingServiceIsStartedAgainByTheWatchdog() throws {
        _ = try run(
            started + """
                pid=$(systemctl show -P MainPID qos2-broker)
                kill -STOP $pid
                until_true "[ \\$(systemctl show -P NRestarts qos2-broker) -ge 1 ]"
                journalctl -u qos2-broker | grep -i watchdog
                until_true "systemctl is-active --quiet qos2-broker"
                [ "$(systemctl show -P MainPID qos2-broker)" != "$pid" ]
                """)
    }

    @Test func companionsLiveThroughARestartOfTheBroker() throws {
        _ = try run(
            started + """
                subscriber=$(systemctl show -P MainPID database-subscriber)
                publisher=$(systemctl show -P MainPID plc-publisher@line1)
                systemctl restart qos2-broker
                count=$(rows); until_true "[ \\$(rows) -ge $((count + 5)) ]"
                kill -KILL $(systemctl show -P MainPID qos2-broker)
                count=$(rows); until_true "[ \\$(rows) -ge $((count + 5)) ]"
                [ "$(systemctl show -P MainPID database-subscriber)" = "$subscriber" ]
                [ "$(systemctl show -P MainPID plc-publisher@line1)" = "$publisher" ]
                """)
    }

    @Test func wrongConfigurationEndsAt78WithoutALoop() throws {
        let run = try run(
            """
            for pair in qos2-broker:broker database-subscriber:subscriber plc-publisher@line1:publisher; do
                unit=${pair%%:*} file=/etc/qos2/${pair##*:}.conf
                sed 's/^[^#]/#&/' -i $file
                echo 'nonsense here' >>$file
                systemctl start $unit || true
                until_true "[ \\$(systemctl show -P ActiveState $unit) = failed ]"
                systemctl show -P ExecMainStatus -P NRestarts $unit | paste -sd' '
                journalctl -o cat -u $unit | grep -c 'nonsense'
            done
            """)
        #expect(run.lines.filter { $0 == "78 0" || $0 == "0 78" }.count == 3, "\(run.output)")
    }

    @Test func takenPortIsNamed() throws {
        _ = try run(
            """
            cat >/run/systemd/system/squatter.socket <<END
            [Socket]
            ListenStream=127.0.0.1:1883
            END
            printf '[Service]\\nExecStart=/bin/true\\n' >/run/systemd/system/squatter.service
            systemctl daemon-reload
            systemctl start squatter.socket
            ! timeout 20 systemctl start qos2-broker
            journalctl -o cat -u qos2-broker | grep '127.0.0.1:1883 is in use'
            systemctl stop qos2-broker
            """)
    }

    @Test func unitsAreVerifiedAndHardened() throws {
        let run = try run(
            """
            cd /usr/lib/systemd/system
            systemd-analyze verify qos2.target qos2-broker.service database-subscriber.service \\
                plc-publisher@line1.service 2>&1 | sed 's/^/verify: /'
            for unit in qos2-broker database-subscriber plc-publisher@line1; do
                systemd-analyze security --no-pager $unit.service | tail -1
            done
            """)
        #expect(!run.output.contains("verify: "), "\(run.output)")
        let levels = run.lines.compactMap { line in
            line.firstMatch(of: #/for (\S+): ([0-9.]+) /#).flatMap { Double($0.2) }
        }
        #expect(levels.count == 3 && levels.allSatisfy { $0 <= 1.1 }, "\(run.output)")
    }
}
