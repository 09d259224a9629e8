// SPDX-License-Identifier: Apache-2.0
// QoS 0 messages that go on as they came, and those that do not.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct PassingTests {
    @Test(arguments: [ProtocolVersion.v311, .v5], [0, 1, 126, 127, 5000, 8191, 8192])
    func aPlainMessageArrivesByteForByte(_ version: ProtocolVersion, _ size: Int) {
        scene { scene in
            let (plc, db) = pair(scene, version)
            let text = String(repeating: "x", count: size)
            plc.publish("a/b", text)
            #expect(db.received() == [.publish("a/b", text)])
            let body =
                [0, 3] + Array("a/b".utf8) + (version == .v5 ? [0] : []) + Array(text.utf8)
            #expect(db.lastWire.suffix(body.count) == body[...])
            #expect(db.lastWire.count == 1 + VariableByteInteger.size(of: body.count) + body.count)
            #expect(messagesMade(scene) == (size < 8192 ? 0 : 1))
            #expect(scene.engine.broker.metrics.sentPackets[.publish] == 1)
            #expect(scene.engine.broker.metrics.payloadBytesSent == UInt64(size))
            #expect(scene.engine.broker.metrics.receivedMessages[.atMostOnce] == 1)
            #expect(scene.engine.broker.metrics.deliveredMessages[.atMostOnce] == 1)
        }
    }

    /// As a message that is routed, with one more who gets it, and as one that is passed on.
    @Test(arguments: [ProtocolVersion.v311, .v5]) func itIsTheSameAsARoutedMessage(
        _ version: ProtocolVersion
    ) {
        func wire(isRouted: Bool) -> [UInt8] {
            var wire: [UInt8] = []
            scene { scene in
                let (plc, db) = pair(scene, version)
                let worker = scene.client("worker")
                worker.connect()
                if isRouted { worker.subscribe("$share/group/a/b") }
                plc.publish("a/b", "21.5")
                #expect(db.received().count == 1)
                wire = db.lastWire
                #expect(messagesMade(scene) == (isRouted ? 1 : 0))
            }
            return wire
        }
        #expect(wire(isRouted: true) == wire(isRouted: false))
    }

    @Test func aLongFormOfTheLengthIsNotPassedOn() {
        scene { scene in
            let (plc, db) = pair(scene, .v311)
            plc.send([0x30, 0x86, 0x00, 0, 3] + Array("a/b!".utf8))
            #expect(db.received() == [.publish("a/b", "!")])
            #expect(db.lastWire == [0x30, 6, 0, 3] + Array("a/b!".utf8))
        }
    }

    @Test func itGoesToThoseWhoAreThereAndWantIt() {
        scene { scene in
            let (plc, db) = pair(scene, .v5)
            plc.subscribe("a/#", noLocal: true)
            let away = scene.client("away")
            away.resume()
            away.subscribe("a/+")
            away.lose()
            #expect(plc.publish("a/b", "1") == [])
            #expect(db.received() == [.publish("a/b", "1")])
            away.resume()
            #expect(away.received() == [])
            #expect(messagesMade(scene) == 0)
        }
    }

    @Test func whoGetsItInAnotherFormGetsThat() {
        scene { scene in
            let (plc, db) = pair(scene, .v5)
            let old = scene.client("old", .v311)
            old.connect()
            old.subscribe("a/b")
            plc.publish("a/b", "1")
            #expect(db.received() == [.publish("a/b", "1")])
            #expect(old.received() == [.publish("a/b", "1")])
            #expect(messagesMade(scene) == 1)
            old.disconnect()

            let numbered = scene.client("numbered")
            numbered.connect()
            numbered.subscribe("a/b", identifier: 7)
            plc.publish("a/b", "2")
            #expect(db.received() == [.publish("a/b", "2")])
            #expect(numbered.received() == [.publish("a/b", "2", identifiers: [7])])
            numbered.disconnect()

            let narrow = scene.client("narrow")
            narrow.connect(packetSizeMax: 20)
            narrow.subscribe("a/b")
            plc.publish("a/b", String(repeating: "x", count: 20))
            #expect(narrow.received() == [])
            #expect(db.received().count == 1)
            plc.publish("a/b", "3")
            #expect(narrow.received() == [.publish("a/b", "3")])
        }
    }

    @Test func whatIsKeptOrSaysMoreIsAMessage() {
        scene { scene in
            let (plc, db) = pair(scene, .v5)
            plc.publish("a/b", "1", retain: true)
            plc.publish("a/b", "2", expiry: 60)
            plc.publish("a/b", "3", userProperties: [UserProperty("n", "v")])
            #expect(messagesMade(scene) == 3)
            #expect(
                db.received() == [
                    .publish("a/b", "1"), .publish("a/b", "2", expiry: 60),
                    .publish("a/b", "3", userProperties: [UserProperty("n", "v")]),
                ])
            #expect(scene.engine.broker.status.retained == 1)
        }
    }

    @Test func aWatchedOneIsShownTwice() {
        scene { scene in
            scene.engine.handshakeLogging = .always
            let (plc, db) = pair(scene, .v5)
            _ = scene.steps()
            plc.publish("a/b", "1")
            #expect(messagesMade(scene) == 0)
            let steps = scene.steps()
            #expect(steps.count == 2)
            #expect(steps.first?.contains("plc") == true && steps.last?.contains("db") == true)
            #expect(steps.allSatisfy { $0.contains("a/b") })
            #expect(db.received().count == 1)
        }
    }

    private func pair(_ scene: Scene, _ version: ProtocolVersion) -> (plc: Client, db: Client) {
        let plc = scene.client("plc", version)
        let db = scene.client("db", version)
        plc.connect()
        db.connect()
        db.subscribe("a/b")
        return (plc, db)
    }

    private func messagesMade(_ scene: Scene) -> UInt64 {
        scene.engine.broker.state.messages.lastNumber
    }
}
