// SPDX-License-Identifier: Apache-2.0
// A second connection of the same client: the first is told and closed, the session goes on or not.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct TakeOverTests {
    /// [MQTT-3.1.4-3]
    @Test func theOldConnectionIsToldAndClosed() {
        for version in versions {
            scene { scene in
                let first = scene.client("plc", version)
                let second = scene.client("plc", version)
                first.resume()
                first.subscribe("t")
                #expect(second.resume() == [.connack(present: true)])
                #expect(first.received() == farewell(.sessionTakenOver, version))
                #expect(second.publish("t", "x") == [.publish("t", "x")])
                #expect(scene.engine.broker.status.connections == 1)
            }
        }
    }

    @Test func aCleanSessionIsReplaced() {
        for version in versions {
            scene { scene in
                let first = scene.client("plc", version)
                let second = scene.client("plc", version)
                first.connect()
                first.subscribe("t")
                #expect(second.connect() == [.connack(present: false)])
                #expect(first.received() == farewell(.sessionTakenOver, version))
                #expect(second.publish("t", "x") == [])
                #expect(scene.engine.broker.status.sessions == 1)
            }
        }
    }

    /// [MQTT-3.1.4-4]: clean start ends the old session, however long it wanted to live.
    @Test func cleanStartThrowsTheTakenSessionAway() {
        scene { scene in
            let first = scene.client("plc")
            let second = scene.client("plc")
            first.resume()
            first.subscribe("t")
            #expect(second.connect(clean: true) == [.connack(present: false)])
            #expect(first.received() == [.disconnect(.sessionTakenOver), .closed])
            #expect(scene.engine.broker.status.subscriptions == 0)
        }
    }

    @Test func whatIsOpenGoesOnAtTheNewConnection() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc")
                let first = scene.client("db", version)
                let second = scene.client("db", version)
                plc.connect()
                first.resume()
                first.subscribe("t")
                plc.publishWhole("t", "a", id: 1)
                plc.publishWhole("t", "b", id: 2)
                #expect(
                    first.received() == [
                        .publish("t", "a", qos: 2, id: 1), .publish("t", "b", qos: 2, id: 2),
                    ])
                #expect(first.pubrec(1) == [.pubrel(1)])
                #expect(
                    second.resume() == [
                        .connack(present: true), .pubrel(1),
                        .publish("t", "b", qos: 2, id: 2, dup: true),
                    ])
                #expect(first.received() == farewell(.sessionTakenOver, version))
                #expect(second.pubcomp(1) == [])
                #expect(second.pubrec(2) == [.pubrel(2)])
                second.pubcomp(2)
            }
        }
    }

    @Test func theWillOfTheOldConnectionIsPublished() {
        for version in versions {
            scene { scene in
                let watcher = scene.client("watcher", version)
                watcher.connect()
                watcher.subscribe("w")
                let will = WillEncoder(topic: "w", payload: [0x78], qos: .atMostOnce)
                let first = scene.client("plc", version)
                let second = scene.client("plc", version)
                first.resume(will: will)
                second.resume()
                #expect(watcher.received() == [.publish("w", "x")])
                second.disconnect()
                #expect(watcher.received() == [])
            }
        }
    }

    /// [MQTT-3.1.3-9]
    @Test func aDelayedWillIsSparedWhenTheSessionGoesOn() {
        scene { scene in
            let watcher = scene.client("watcher")
            watcher.connect()
            watcher.subscribe("w")
            let will = WillEncoder(topic: "w", payload: [0x78], qos: .exactlyOnce, delay: 5)
            let first = scene.client("plc")
            let second = scene.client("plc")
            first.resume(will: will)
            second.resume()
            scene.pass(.seconds(60))
            #expect(watcher.received() == [])
        }
    }

    @Test func aDelayedWillGoesOutWhenCleanStartEndsTheSession() {
        scene { scene in
            let watcher = scene.client("watcher")
            watcher.connect()
            watcher.subscribe("w")
            let will = WillEncoder(topic: "w", payload: [0x78], qos: .atMostOnce, delay: 5)
            let first = scene.client("plc")
            let second = scene.client("plc")
            first.resume(will: will)
            second.connect(clean: true)
            #expect(watcher.received() == [.publish("w", "x")])
            scene.pass(.seconds(60))
            #expect(watcher.received() == [])
        }
    }

    /// A client that connects again and again from one place, as a misconfigured pair does.
    @Test func twoClientsWithOneNameThrowEachOtherOut() {
        scene { scene in
            let first = scene.client("plc")
            let second = scene.client("plc")
            first.resume()
            for _ in 0..<20 {
                #expect(second.resume() == [.connack(present: true)])
                #expect(first.received() == [.disconnect(.sessionTakenOver), .closed])
                #expect(first.resume() == [.connack(present: true)])
                #expect(second.received() == [.disconnect(.sessionTakenOver), .closed])
            }
            #expect(scene.engine.broker.status.sessions == 1)
        }
    }
}
