// SPDX-License-Identifier: Apache-2.0
// Acknowledgements in and out of place, for QoS 1 and 2 and both versions.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct AcknowledgementTests {
    @Test func qos0IsDeliveredAndForgotten() {
        for (publisher, receiver) in everyPairOfVersions() {
            scene { scene in
                let plc = scene.client("plc", publisher)
                let db = scene.client("db", receiver)
                plc.connect()
                db.connect()
                db.subscribe("t")
                #expect(plc.publish("t", "x") == [])
                #expect(db.received() == [.publish("t", "x")])
                #expect(scene.engine.broker.status.messages == 0)
            }
        }
    }

    @Test func qos1IsAcknowledgedByPuback() {
        for (publisher, receiver) in everyPairOfVersions() {
            scene { scene in
                let plc = scene.client("plc", publisher)
                let db = scene.client("db", receiver)
                plc.connect()
                db.connect()
                db.subscribe("t", qos: 1)
                #expect(plc.publish("t", "x", qos: 1, id: 9) == [.puback(9)])
                #expect(db.received() == [.publish("t", "x", qos: 1, id: 1)])
                #expect(db.puback(1) == [])
                #expect(scene.engine.broker.status.messages == 0)
                // The same identifier is a new message at QoS 1.
                #expect(plc.publish("t", "y", qos: 1, id: 9, dup: true) == [.puback(9)])
                #expect(db.received() == [.publish("t", "y", qos: 1, id: 2)])
            }
        }
    }

    /// [MQTT-3.8.4-8]
    @Test func theLowerQoSOfBothEndsCounts() {
        for published in 0...2 {
            for granted in 0...2 {
                scene { scene in
                    let plc = scene.client("plc")
                    let db = scene.client("db")
                    plc.connect()
                    db.connect()
                    #expect(
                        db.subscribe("t", qos: granted)
                            == [.suback([ReasonCode(UInt8(granted))])])
                    plc.publish("t", "x", qos: published, id: published == 0 ? nil : 1)
                    if published == 2 { plc.pubrel(1) }
                    let qos = min(published, granted)
                    #expect(
                        db.received() == [.publish("t", "x", qos: qos, id: qos == 0 ? nil : 1)])
                }
            }
        }
    }

    /// [MQTT-4.3.3-11]
    @Test func pubrelOfAnUnknownIdentifierIsCompleted() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc", version)
                plc.connect()
                let reason: ReasonCode = version == .v5 ? .packetIdentifierNotFound : .success
                #expect(plc.pubrel(7) == [.pubcomp(7, reason)])
                plc.publishWhole("t", "x", id: 7)
                #expect(plc.pubrel(7) == [.pubcomp(7, reason)])
            }
        }
    }

    @Test func anIdentifierIsNewAgainAfterPubcomp() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect()
            db.subscribe("t")
            plc.publishWhole("t", "a", id: 7)
            plc.publishWhole("t", "b", id: 7)
            #expect(
                db.received() == [
                    .publish("t", "a", qos: 2, id: 1), .publish("t", "b", qos: 2, id: 2),
                ])
        }
    }

    @Test func pubrecOfAnUnknownIdentifierGetsPubrel() {
        for version in versions {
            scene { scene in
                let db = scene.client("db", version)
                db.connect()
                let reason: ReasonCode = version == .v5 ? .packetIdentifierNotFound : .success
                #expect(db.pubrec(7) == [.pubrel(7, reason)])
            }
        }
    }

    @Test func pubackAndPubcompOfUnknownIdentifiersAreNothing() {
        for version in versions {
            scene { scene in
                let db = scene.client("db", version)
                db.connect()
                #expect(db.puback(7) == [])
                #expect(db.pubcomp(7) == [])
                #expect(db.ping() == [.pingresp])
            }
        }
    }

    /// [MQTT-4.4.0-2]
    @Test func pubrecWithAnErrorFreesIdentifierAndWindow() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect(window: 1)
            db.subscribe("t")
            plc.publishWhole("t", "a", id: 1)
            plc.publishWhole("t", "b", id: 2)
            #expect(db.received() == [.publish("t", "a", qos: 2, id: 1)])
            #expect(db.pubrec(1, .quotaExceeded) == [.publish("t", "b", qos: 2, id: 2)])
            #expect(db.pubrec(2) == [.pubrel(2)])
            db.pubcomp(2)
            #expect(scene.engine.broker.metrics.dropped[Int(DropReason.refused.rawValue)] == 1)
            #expect(scene.engine.broker.metrics.messagesDelivered == 1)
        }
    }

    /// Who does not know the identifier any more has answered the PUBLISH: nothing was refused.
    @Test func pubcompWithAnErrorIsADelivery() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect()
            db.subscribe("t")
            plc.publishWhole("t", "a", id: 1)
            #expect(db.received() == [.publish("t", "a", qos: 2, id: 1)])
            #expect(db.pubrec(1) == [.pubrel(1)])
            db.pubcomp(1, .packetIdentifierNotFound)
            #expect(scene.engine.broker.metrics.dropped[Int(DropReason.refused.rawValue)] == 0)
            #expect(scene.engine.broker.metrics.messagesDelivered == 1)
        }
    }

    @Test func pubackWithAnErrorFreesIdentifierAndWindow() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect(window: 1)
            db.subscribe("t", qos: 1)
            plc.publish("t", "a", qos: 1, id: 1)
            plc.publish("t", "b", qos: 1, id: 2)
            #expect(db.received() == [.publish("t", "a", qos: 1, id: 1)])
            #expect(
                db.puback(1, .implementationSpecificError)
                    == [.publish("t", "b", qos: 1, id: 2)])
        }
    }

    @Test func aRepeatedPubrecGetsAnotherPubrel() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc")
                let db = scene.client("db", version)
                plc.connect()
                db.connect()
                db.subscribe("t")
                plc.publishWhole("t", "a", id: 1)
                _ = db.received()
                for _ in 0..<5 {
                    #expect(db.pubrec(1) == [.pubrel(1)])
                }
                #expect(db.pubcomp(1) == [])
                #expect(scene.engine.broker.metrics.messagesDelivered == 1)
            }
        }
    }

    @Test func anAcknowledgementOfTheWrongKindIsAProtocolError() {
        for version in versions {
            for (granted, wrong) in [
                (1, PacketKind.pubrec), (1, .pubcomp), (2, .puback), (2, .pubcomp),
            ] {
                scene { scene in
                    let plc = scene.client("plc")
                    let db = scene.client("db", version)
                    plc.connect()
                    db.connect()
                    db.subscribe("t", qos: granted)
                    plc.publishWhole("t", "a", id: 1)
                    _ = db.received()
                    #expect(
                        db.send(AcknowledgementEncoder(version, wrong, 1).encoded())
                            == farewell(.protocolError, version))
                }
            }
        }
    }

    /// An unreleased message goes with its publisher's session, counted.
    @Test func aMessageThatWasNeverReleasedIsDroppedWithItsSession() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect()
            db.subscribe("t")
            plc.publish("t", "a", qos: 2, id: 1)
            plc.publish("t", "b", qos: 2, id: 2)
            plc.lose()
            #expect(db.received() == [])
            #expect(
                scene.engine.broker.metrics.dropped[Int(DropReason.publisherEnded.rawValue)] == 2)
            #expect(
                scene.takeNotes().contains(
                    .dropped(.publisherEnded, client: ClientID("plc"), message: nil, count: 2)))
            #expect(scene.engine.broker.status.messages == 0)
        }
    }

    @Test func aDurablePublisherReleasesAfterItHasComeBack() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc", version)
                let db = scene.client("db")
                plc.resume()
                db.connect()
                db.subscribe("t")
                plc.publish("t", "a", qos: 2, id: 1)
                plc.lose()
                plc.resume()
                #expect(plc.pubrel(1) == [.pubcomp(1)])
                #expect(db.received() == [.publish("t", "a", qos: 2, id: 1)])
            }
        }
    }
}
