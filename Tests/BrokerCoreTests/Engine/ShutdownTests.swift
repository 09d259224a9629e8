// SPDX-License-Identifier: Apache-2.0
// The broker stops: everybody is told, sessions stay, wills go out to those who still hear them.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct ShutdownTests {
    @Test func everybodyIsToldAndClosed() {
        scene { scene in
            let new = scene.client("new", .v5)
            let old = scene.client("old", .v311)
            let stranger = scene.client("stranger", .v5)
            new.resume()
            old.resume()
            stranger.open()
            scene.shutDown()
            #expect(new.received() == [.disconnect(.serverShuttingDown), .closed])
            #expect(old.received() == [.closed])
            #expect(stranger.received() == [.closed])
            #expect(scene.engine.broker.status.sessions == 2)
        }
    }

    /// The subscriber's session ends behind the will that is sent to it.
    @Test func aWillMeetsASessionThatEndsWithIt() {
        for qos in 0...2 {
            scene { scene in
                scene.engine.handshakeLogging = .always
                let will = WillEncoder(topic: "w", payload: [0x78], qos: QoS(qos))
                let plc = scene.client("plc")
                let watcher = scene.client("watcher")
                plc.connect(will: will)
                watcher.connect()
                watcher.subscribe("w")
                scene.shutDown()
                #expect(
                    watcher.received() == [
                        .publish("w", "x", qos: qos, id: qos == 0 ? nil : 1),
                        .disconnect(.serverShuttingDown), .closed,
                    ])
            }
        }
    }

    @Test func whatIsOpenSurvives() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.resume()
            db.resume()
            db.subscribe("t")
            plc.publishWhole("t", "a", id: 1)
            plc.publish("t", "b", qos: 2, id: 2)
            scene.shutDown()
            _ = (plc.received(), db.received())
            plc.resume()
            #expect(plc.pubrel(2) == [.pubcomp(2)])
            #expect(
                db.resume() == [
                    .connack(present: true), .publish("t", "a", qos: 2, id: 1, dup: true),
                    .publish("t", "b", qos: 2, id: 2),
                ])
        }
    }
}
