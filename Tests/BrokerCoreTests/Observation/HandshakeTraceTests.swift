// SPDX-License-Identifier: Apache-2.0
// What the log shows of handshakes: every step, in order, once its packet may leave; above a rate
// whole flows or none.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct HandshakeTraceTests {
    /// The eight lines that are promised, from the broker's side.
    @Test func oneMessageIsEightLines() {
        scene { scene in
            let plc = scene.client("plc-line1")
            let db = scene.client("db")
            plc.resume()
            db.resume()
            db.subscribe("sensor/#")
            // Identifiers as in the manual.
            for _ in 1...4 { plc.publish("sensor/x", qos: 1, id: 1) }
            for id in 1...4 as ClosedRange<UInt16> { db.puback(PacketID(id)) }
            _ = scene.steps()
            scene.home.isLate = true
            let label = [UserProperty("stream", "plc-line1"), UserProperty("seq", "1042")]
            let payload = String(repeating: "x", count: 104)

            plc.publish("sensor/data", payload, qos: 2, id: 17, userProperties: label)
            #expect(
                scene.steps() == [
                    "[1/4] recv PUBLISH  plc-line1  mid=17 qos=2 sensor/data 104 B"
                        + "  message=plc-line1/1042"
                ])
            scene.pass(.microseconds(1800))
            scene.commit()
            #expect(
                scene.steps() == ["[2/4] send PUBREC   plc-line1  mid=17  on disk in 1.8 ms"])
            plc.pubrel(17)
            #expect(scene.steps() == ["[3/4] recv PUBREL   plc-line1  mid=17"])
            scene.pass(.microseconds(2300))
            scene.commit()
            #expect(
                scene.steps() == [
                    "[4/4] send PUBCOMP  plc-line1  mid=17  done in 4.1 ms",
                    "[1/4] send PUBLISH  db         mid=5 qos=2 sensor/data 104 B"
                        + "  message=plc-line1/1042",
                ])
            scene.pass(.microseconds(3700))
            db.pubrec(5)
            #expect(
                scene.steps() == [
                    "[2/4] recv PUBREC   db         mid=5   committed by subscriber in 6.0 ms"
                ])
            scene.commit()
            #expect(scene.steps() == ["[3/4] send PUBREL   db         mid=5"])
            scene.pass(.microseconds(1200))
            db.pubcomp(5)
            #expect(
                scene.steps() == [
                    "[4/4] recv PUBCOMP  db         mid=5   delivered in 7.2 ms"
                ])
        }
    }

    /// Where nothing is on disk, nothing is said to be.
    @Test func aSessionOfItsConnectionIsTaken() {
        scene { scene in
            let plc = scene.client("plc", .v311)
            plc.connect()
            plc.publish("t", "x", qos: 1, id: 3, dup: true, retain: false)
            plc.publish("t", "x", retain: true)
            #expect(
                scene.steps() == [
                    "[1/2] recv PUBLISH  plc        mid=3 qos=1 DUP t 1 B",
                    "[2/2] send PUBACK   plc        mid=3   taken in 0.0 ms",
                    "[1/1] recv PUBLISH  plc        qos=0 retained t 1 B",
                ])
        }
    }

    @Test func repeatsAreMarked() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.resume()
            db.resume()
            db.subscribe("t")
            plc.publish("t", "x", qos: 2, id: 3)
            plc.publish("t", "x", qos: 2, id: 3, dup: true)
            plc.pubrel(3)
            _ = scene.steps()
            plc.publish("t", "x", qos: 2, id: 4)
            plc.publish("t", "x", qos: 2, id: 4, dup: true)
            #expect(
                scene.steps() == [
                    "[1/4] recv PUBLISH  plc        mid=4 qos=2 t 1 B",
                    "[2/4] send PUBREC   plc        mid=4   on disk in 0.0 ms",
                    "[1/4] recv PUBLISH  plc        mid=4 qos=2 DUP t 1 B  repeated",
                    "[2/4] send PUBREC   plc        mid=4   on disk in 0.0 ms",
                ])
            db.lose()
            db.resume()
            #expect(
                scene.steps() == ["[1/4] send PUBLISH  db         mid=1 qos=2 DUP t 1 B"])
            db.pubrec(1, .quotaExceeded)
            #expect(
                scene.steps()
                    == ["[2/4] recv PUBREC   db         mid=1   refused: 0x97 Quota exceeded"])
        }
    }

    @Test func aRefusalEndsTheFlow() {
        var limits = Limits()
        limits.waitingMax = 1
        scene(limits) { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume()
            db.subscribe("t")
            db.lose()
            plc.publish("t", "1", qos: 1, id: 1)
            _ = scene.steps()
            plc.publish("t", "2", qos: 2, id: 9)
            #expect(
                scene.steps() == [
                    "[1/4] recv PUBLISH  plc        mid=9 qos=2 t 1 B",
                    "[2/4] send PUBREC   plc        mid=9   refused: 0x97 Quota exceeded",
                ])
            plc.pubrel(9)
            #expect(scene.steps() == [])
        }
    }

    /// All four steps of a flow or none, repeats included, and the share is told.
    @Test func aboveTheRateWholeFlowsAreLeftOut() {
        scene { scene in
            let plc = scene.client("plc", .v311)
            plc.resume()
            for id in 1...120 as ClosedRange<UInt16> {
                plc.publish("t", "", qos: 2, id: PacketID(id))
            }
            scene.pass(.milliseconds(100))
            for id in 1...50 as ClosedRange<UInt16> {
                plc.publish("t", "", qos: 2, id: PacketID(id), dup: true)
            }
            for id in 1...120 as ClosedRange<UInt16> { plc.pubrel(PacketID(id)) }
            var lines: [Substring: Int] = [:]
            for line in scene.steps() {
                let id = line.split(separator: " ").first { $0.hasPrefix("mid=") }!
                lines[id, default: 0] += 1
            }
            // Two more for the repeat and its answer.
            #expect(lines.count == 50)
            #expect(lines.values.allSatisfy { $0 == 6 })
            #expect(scene.engine.takeShare() == (seen: 120, shown: 50))
            #expect(scene.engine.takeShare() == (seen: 0, shown: 0))
            // The next second shows again.
            scene.pass(.seconds(1))
            plc.publish("t", "", qos: 2, id: 200)
            #expect(scene.steps().count == 2)
        }
    }

    @Test func theLogCanBeTurnedOffAndUp() {
        for (logging, count) in [
            (HandshakeLogging.never, 0), (.always, 240), (.auto, 100),
        ] {
            scene { scene in
                scene.engine.handshakeLogging = logging
                let plc = scene.client("plc", .v311)
                plc.connect()
                for id in 1...120 as ClosedRange<UInt16> {
                    plc.publish("t", "", qos: 2, id: PacketID(id))
                }
                #expect(scene.steps().count == count)
            }
        }
    }

    @Test func flowsOfEndedSessionsAreForgotten() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            plc.publish("t", "", qos: 2, id: 1)
            #expect(scene.engine.performer.trace.isWatching)
            plc.lose()
            #expect(!scene.engine.performer.trace.isWatching)
            // Another session takes the place and the identifier.
            let other = scene.client("other")
            other.connect()
            other.pubrel(1)
            #expect(scene.steps().count == 2)
        }
    }
}
