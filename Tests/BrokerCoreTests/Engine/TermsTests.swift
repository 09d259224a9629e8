// SPDX-License-Identifier: Apache-2.0
// Who may connect, by the terms of a listener and the limits of the broker; and that a connection
// keeps what it was told.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct TermsTests {
    private func limits(_ change: (inout Limits) -> Void) -> Limits {
        var limits = Limits()
        change(&limits)
        return limits
    }

    @Test func onlyTheVersionsOfTheListener() {
        scene(limits { $0.terms.versions = [.v5] }) { scene in
            #expect(
                scene.client("old", .v311).connect()
                    == [.connack(.unsupportedProtocolVersion), .closed])
            #expect(scene.client("new").connect() == [.connack()])
        }
        scene(limits { $0.terms.versions = [.v311] }) { scene in
            #expect(
                scene.client("new").connect() == [.connack(.unsupportedProtocolVersion), .closed])
            #expect(scene.client("old", .v311).connect() == [.connack()])
        }
    }

    @Test func onlyIdentifiersThatBeginAsTheyShould() {
        for version in versions {
            scene(limits { $0.clientIDPrefix = "plant-" }) { scene in
                #expect(scene.client("plant-1", version).connect() == [.connack()])
                for name in ["office-1", "plant", "a-plant-1", ""] {
                    let client = scene.client(name, version)
                    #expect(client.connect() == [.connack(.notAuthorized), .closed])
                }
            }
        }
    }

    @Test func noMoreSessionsThanAllowed() {
        for version in versions {
            scene(limits { $0.sessionsMax = 2 }) { scene in
                let first = scene.client("first", version)
                first.resume()
                first.lose()
                scene.client("second", version).connect()
                let refusal: ReasonCode = version == .v5 ? .quotaExceeded : .serverUnavailable
                #expect(
                    scene.client("third", version).connect() == [.connack(refusal), .closed])
                #expect(first.resume() == [.connack(present: true)])
                #expect(scene.engine.broker.metrics.refusedConnections[.quotaExceeded] == 1)
            }
        }
    }

    /// MQTT 5.0 is told of a shorter Keep Alive; MQTT 3.1.1 can only be refused.
    @Test func aKeepAliveThatIsTooLong() {
        scene(limits { $0.keepAliveMax = 60 }) { scene in
            for keepAlive: UInt16 in [0, 61, 65_535] {
                let old = scene.client("old", .v311)
                #expect(
                    old.connect(keepAlive: keepAlive)
                        == [.connack(.clientIdentifierNotValid), .closed])
                let new = scene.client("new \(keepAlive)")
                #expect(new.connect(keepAlive: keepAlive) == [.connack()])
            }
            #expect(scene.client("old", .v311).connect(keepAlive: 60) == [.connack()])
        }
    }

    @Test func aConnectionKeepsWhatItWasTold() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            let narrow = limits {
                $0.topicAliasMax = 0
                $0.qosMax = .atMostOnce
            }
            scene.engine.use(narrow, at: scene.now)
            #expect(plc.publish("t", "x", qos: 2, id: 1) == [.pubrec(1)])
            #expect(plc.pubrel(1) == [.pubcomp(1)])
            let late = scene.client("late")
            late.connect()
            #expect(
                late.publish("t", "x", qos: 2, id: 1) == [.disconnect(.qosNotSupported), .closed])
        }
    }
}
