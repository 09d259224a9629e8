// SPDX-License-Identifier: Apache-2.0
// The lines of a handshake, byte by byte as people grep for them, and their fields.
import Testing

@testable import MQTT

@Suite struct HandshakeStepTests {
    private func step(
        _ direction: HandshakeStep.Direction, _ packet: PacketKind, _ client: String,
        _ id: PacketID?, _ outcome: HandshakeStep.Outcome = .none, qos: QoS = .exactlyOnce
    ) -> HandshakeStep {
        var step = HandshakeStep(direction, packet, client: ClientID(client), id: id, qos: qos)
        step.topic = "sensor/data"
        step.size = 104
        step.message = "plc-line1/1042"
        step.outcome = outcome
        return step
    }

    /// The eight lines of one message on its two hops.
    @Test func aMessagesLifeReadsAsPromised() {
        let steps = [
            step(.received, .publish, "plc-line1", 17),
            step(.sent, .pubrec, "plc-line1", 17, .onDisk(.microseconds(1800))),
            step(.received, .pubrel, "plc-line1", 17),
            step(.sent, .pubcomp, "plc-line1", 17, .done(.microseconds(4100))),
            step(.sent, .publish, "db", 5),
            step(.received, .pubrec, "db", 5, .committed(.milliseconds(6))),
            step(.sent, .pubrel, "db", 5),
            step(.received, .pubcomp, "db", 5, .delivered(.microseconds(7200))),
        ]
        #expect(
            steps.map(\.text) == [
                "[1/4] recv PUBLISH  plc-line1  mid=17 qos=2 sensor/data 104 B"
                    + "  message=plc-line1/1042",
                "[2/4] send PUBREC   plc-line1  mid=17  on disk in 1.8 ms",
                "[3/4] recv PUBREL   plc-line1  mid=17",
                "[4/4] send PUBCOMP  plc-line1  mid=17  done in 4.1 ms",
                "[1/4] send PUBLISH  db         mid=5 qos=2 sensor/data 104 B"
                    + "  message=plc-line1/1042",
                "[2/4] recv PUBREC   db         mid=5   committed by subscriber in 6.0 ms",
                "[3/4] send PUBREL   db         mid=5",
                "[4/4] recv PUBCOMP  db         mid=5   delivered in 7.2 ms",
            ])
    }

    @Test func otherQoSHaveFewerSteps() {
        let steps = [
            step(.received, .publish, "plc", 3, qos: .atLeastOnce),
            step(.sent, .puback, "plc", 3, .taken(.zero), qos: .atLeastOnce),
            step(.received, .publish, "plc", nil, qos: .atMostOnce),
        ]
        #expect(
            steps.map(\.text) == [
                "[1/2] recv PUBLISH  plc        mid=3 qos=1 sensor/data 104 B"
                    + "  message=plc-line1/1042",
                "[2/2] send PUBACK   plc        mid=3   taken in 0.0 ms",
                "[1/1] recv PUBLISH  plc        qos=0 sensor/data 104 B  message=plc-line1/1042",
            ])
    }

    @Test func whatIsOutOfTheOrdinaryIsSaid() {
        var repeated = step(.received, .publish, "plc-line1", 17, .repeated)
        repeated.isDuplicate = true
        repeated.isRetained = true
        repeated.message = nil
        #expect(
            repeated.text
                == "[1/4] recv PUBLISH  plc-line1  mid=17 qos=2 DUP retained sensor/data 104 B"
                + "  repeated")
        #expect(
            step(.sent, .pubrec, "plc-line1", 17, .refused(.quotaExceeded)).text
                == "[2/4] send PUBREC   plc-line1  mid=17  refused: 0x97 Quota exceeded")
        #expect(
            step(.received, .pubrel, "a-client-with-a-long-name", 65_535, .unknown).text
                == "[3/4] recv PUBREL   a-client-with-a-long-name  mid=65535  unknown identifier")
    }

    /// What a client calls itself or its topic cannot forge a line or steer a terminal.
    @Test func textFromClientsStaysInItsLine() {
        var step = step(.received, .publish, "a\nb", 1)
        step.topic = "t\r\n[2/4] send PUBREC\u{1b}[31m\u{7f}\u{9b}\u{85}\u{2028}°C"
        step.message = "s\t/1"
        #expect(
            step.text
                == #"[1/4] recv PUBLISH  a\x0ab     mid=1 qos=2 t\x0d\x0a[2/4] send PUBREC"#
                + #"\x1b[31m\x7f\x9b\x85\x2028°C 104 B  message=s\x09/1"#)
    }

    @Test func durationsCarryTheirUnit() {
        for (duration, text) in [
            (.zero, "0.0 ms"), (.microseconds(49), "0.0 ms"), (.microseconds(50), "0.1 ms"),
            (.microseconds(1849), "1.8 ms"), (.milliseconds(999), "999.0 ms"),
            (.seconds(1), "1.00 s"), (.milliseconds(2414), "2.41 s"),
            (.milliseconds(61_500), "61.50 s"), (.milliseconds(-5), "0.0 ms"),
        ] as [(Duration, String)] {
            #expect(duration.logText == text)
        }
    }

    @Test func reasonsCarryTheirNumber() {
        #expect(ReasonCode.quotaExceeded.logText == "0x97 Quota exceeded")
        #expect(ReasonCode.disconnectWithWillMessage.logText.hasPrefix("0x04 "))
    }

    @Test func fieldsAreThoseOfTheJournal() {
        var step = step(.sent, .pubrec, "plc-line1", 17, .onDisk(.microseconds(1800)))
        step.isDuplicate = true
        #expect(
            step.fields.map { "\($0.name)=\($0.value)" } == [
                "MQTT_PACKET=PUBREC", "MQTT_DIRECTION=out", "MQTT_STEP=2",
                "MQTT_CLIENT=plc-line1", "MQTT_QOS=2", "MQTT_DUP=1", "MQTT_RETAIN=0",
                "MQTT_MID=17", "MQTT_FLOW=plc-line1#17", "MQTT_TOPIC=sensor/data",
                "MQTT_MESSAGE=plc-line1/1042", "MQTT_DURATION_USEC=1800",
            ])
        let publish = self.step(.received, .publish, "db", nil, qos: .atMostOnce)
        #expect(
            publish.fields.map { "\($0.name)=\($0.value)" } == [
                "MQTT_PACKET=PUBLISH", "MQTT_DIRECTION=in", "MQTT_STEP=1", "MQTT_CLIENT=db",
                "MQTT_QOS=0", "MQTT_DUP=0", "MQTT_RETAIN=0", "MQTT_TOPIC=sensor/data",
                "MQTT_SIZE=104", "MQTT_MESSAGE=plc-line1/1042",
            ])
        let refused = self.step(.sent, .pubrec, "db", 1, .refused(.quotaExceeded))
        #expect(refused.fields.last?.name == "MQTT_REASON")
        #expect(refused.fields.last?.value == "0x97 Quota exceeded")
    }
}
