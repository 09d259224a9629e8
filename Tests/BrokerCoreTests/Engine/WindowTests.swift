// SPDX-License-Identifier: Apache-2.0
// Receive Maximum in both directions, what waits behind a full window, and what a new connection
// repeats.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct WindowTests {
    /// [MQTT-3.3.4-9]
    @Test func noMoreIsSentThanTheReceiverGrants() {
        for qos in 1...2 {
            scene { scene in
                let plc = scene.client("plc")
                let db = scene.client("db")
                plc.connect()
                db.connect(window: 3)
                db.subscribe("t", qos: qos)
                for number in 1...10 {
                    plc.publishWhole("t", "\(number)", id: PacketID(UInt16(number)))
                }
                #expect(
                    db.received()
                        == (1...3).map {
                            .publish("t", "\($0)", qos: qos, id: PacketID(UInt16($0)))
                        })
                #expect(scene.engine.broker.status.queued == 7)
                for number in 1...10 {
                    let id = PacketID(UInt16(number))
                    let next = number + 3
                    let following: [Packet] =
                        next <= 10
                        ? [.publish("t", "\(next)", qos: qos, id: PacketID(UInt16(next)))] : []
                    if qos == 1 {
                        #expect(db.puback(id) == following)
                    } else {
                        #expect(db.pubrec(id) == [.pubrel(id)])
                        #expect(db.pubcomp(id) == following)
                    }
                }
                #expect(scene.engine.broker.status.queued == 0)
            }
        }
    }

    /// MQTT 3.1.1 has no Receive Maximum: the operator's bound holds.
    @Test func theOperatorsBoundHoldsForMQTT3() {
        var limits = Limits()
        limits.inFlightMax = 2
        scene(limits) { scene in
            let plc = scene.client("plc", .v311)
            let db = scene.client("db", .v311)
            plc.connect()
            db.connect()
            db.subscribe("t")
            for id in 1...3 as ClosedRange<UInt16> { plc.publishWhole("t", "", id: PacketID(id)) }
            #expect(db.received().count == 2)
            // Between PUBREC and PUBCOMP a delivery keeps its place.
            #expect(db.pubrec(1) == [.pubrel(1)])
            #expect(db.pubcomp(1) == [.publish("t", qos: 2, id: 3)])
        }
    }

    /// [MQTT-3.3.4-7]
    @Test func aPublisherBeyondTheReceiveMaximumIsDisconnected() {
        var limits = Limits()
        limits.inFlightMax = 3
        scene(limits) { scene in
            let plc = scene.client("plc")
            plc.connect()
            for id in 1...3 as ClosedRange<UInt16> {
                #expect(plc.publish("t", "", qos: 2, id: PacketID(id)) == [.pubrec(PacketID(id))])
            }
            // A repeat is not one more.
            #expect(plc.publish("t", "", qos: 2, id: 3, dup: true) == [.pubrec(3)])
            #expect(plc.pubrel(3) == [.pubcomp(3)])
            #expect(plc.publish("t", "", qos: 2, id: 4) == [.pubrec(4)])
            #expect(
                plc.publish("t", "", qos: 2, id: 5)
                    == [.disconnect(.receiveMaximumExceeded), .closed])
        }
    }

    /// Receive Maximum counts what one connection sends; what an earlier one left open does not
    /// shut the client out. [MQTT 5.0, 4.9]
    @Test func whatAnEarlierConnectionLeftOpenIsNotCounted() {
        var limits = Limits()
        limits.inFlightMax = 2
        scene(limits) { scene in
            let plc = scene.client("plc")
            plc.resume()
            plc.publish("t", "", qos: 2, id: 1)
            plc.publish("t", "", qos: 2, id: 2)
            plc.lose()
            plc.resume()
            #expect(plc.publish("t", "", qos: 2, id: 3) == [.pubrec(3)])
            #expect(plc.publish("t", "", qos: 2, id: 4) == [.pubrec(4)])
            #expect(
                plc.publish("t", "", qos: 2, id: 5)
                    == [.disconnect(.receiveMaximumExceeded), .closed])
        }
    }

    @Test func aPublisherOfMQTT3KnowsNoReceiveMaximum() {
        var limits = Limits()
        limits.inFlightMax = 1
        scene(limits) { scene in
            let plc = scene.client("plc", .v311)
            plc.connect()
            for id in 1...30 as ClosedRange<UInt16> {
                #expect(plc.publish("t", "", qos: 2, id: PacketID(id)) == [.pubrec(PacketID(id))])
            }
        }
    }

    @Test func whatWaitsForAnAbsentSessionComesInItsOrder() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc")
                let db = scene.client("db", version)
                plc.connect()
                db.resume()
                db.subscribe("t")
                db.disconnect()
                for number in 1...5 {
                    plc.publishWhole("t", "\(number)", id: PacketID(UInt16(number)))
                }
                #expect(scene.engine.broker.status.queued == 5)
                #expect(
                    db.resume()
                        == [.connack(present: true)]
                        + (1...5).map {
                            .publish("t", "\($0)", qos: 2, id: PacketID(UInt16($0)))
                        })
            }
        }
    }

    @Test func qos0DoesNotWaitForAnAbsentSession() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume()
            db.subscribe("t")
            db.disconnect()
            plc.publish("t", "x")
            #expect(db.resume() == [.connack(present: true)])
        }
    }

    /// [MQTT-4.4.0-1], [MQTT-4.6.0-1]
    @Test func aNewConnectionRepeatsWhatIsOpenInTheOldOrder() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc")
                let db = scene.client("db", version)
                plc.connect()
                db.resume()
                db.subscribe("t")
                for number in 1...5 {
                    plc.publishWhole("t", "\(number)", id: PacketID(UInt16(number)))
                }
                _ = db.received()
                #expect(db.pubrec(4) == [.pubrel(4)])
                #expect(db.pubrec(2) == [.pubrel(2)])
                #expect(db.pubrec(1) == [.pubrel(1)])
                #expect(db.pubcomp(1) == [])
                for _ in 0..<3 {
                    db.lose()
                    #expect(
                        db.resume() == [
                            .connack(present: true), .pubrel(2), .pubrel(4),
                            .publish("t", "3", qos: 2, id: 3, dup: true),
                            .publish("t", "5", qos: 2, id: 5, dup: true),
                        ])
                }
                #expect(db.pubcomp(4) == [])
                #expect(db.pubcomp(2) == [])
                #expect(db.pubrec(3) == [.pubrel(3)])
                db.lose()
                #expect(
                    db.resume() == [
                        .connack(present: true), .pubrel(3),
                        .publish("t", "5", qos: 2, id: 5, dup: true),
                    ])
            }
        }
    }

    /// The eleventh PUBLISH under a Receive Maximum of ten.
    @Test func repeatsKeepWithinASmallerWindow() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume(window: 10)
            db.subscribe("t")
            for number in 1...12 {
                plc.publishWhole("t", "\(number)", id: PacketID(UInt16(number)))
            }
            #expect(db.received().count == 10)
            #expect(db.pubrec(1) == [.pubrel(1)])
            db.lose()
            func again(_ number: Int) -> Packet {
                .publish("t", "\(number)", qos: 2, id: PacketID(UInt16(number)), dup: number <= 10)
            }
            // PUBREL 1 still holds a place at its receiver.
            #expect(
                db.resume(window: 3) == [.connack(present: true), .pubrel(1), again(2), again(3)])
            #expect(db.pubcomp(1) == [again(4)])
            #expect(db.pubrec(2) == [.pubrel(2)])
            #expect(db.pubcomp(2) == [again(5)])
            for number in 3...12 {
                let id = PacketID(UInt16(number))
                #expect(db.pubrec(id) == [.pubrel(id)])
                #expect(db.pubcomp(id) == (number + 3 <= 12 ? [again(number + 3)] : []))
            }
            #expect(scene.engine.broker.status.messages == 0)
        }
    }

    /// What was released once is never a PUBLISH again, not even if the window was too small to
    /// repeat it. [MQTT-4.3.3-6]
    @Test func pubrecBeforeTheRepeatMakesItAPubrel() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume()
            db.subscribe("t")
            for id in 1...3 as ClosedRange<UInt16> { plc.publishWhole("t", "", id: PacketID(id)) }
            db.lose()
            #expect(
                db.resume(window: 1)
                    == [.connack(present: true), .publish("t", qos: 2, id: 1, dup: true)])
            // The receiver has had 2 on the connection before.
            #expect(db.pubrec(2) == [.pubrel(2)])
            #expect(db.pubrec(1) == [.pubrel(1)])
            #expect(db.pubcomp(1) == [])
            #expect(db.pubcomp(2) == [.publish("t", qos: 2, id: 3, dup: true)])
        }
    }

    /// An identifier that is open at the receiver is not given to another message.
    @Test func identifiersAreNotUsedAgainWhileTheyAreOpen() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db", .v311)
            plc.connect()
            db.resume()
            db.subscribe("t", qos: 1)
            plc.publish("t", "held", qos: 1, id: 1)
            #expect(db.received() == [.publish("t", "held", qos: 1, id: 1)])
            for number in 2...300 as ClosedRange<UInt16> {
                plc.publish("t", qos: 1, id: 1)
                #expect(db.received() == [.publish("t", qos: 1, id: PacketID(number))])
                db.puback(PacketID(number))
                guard number.isMultiple(of: 100) else { continue }
                db.lose()
                db.resume()
            }
        }
    }
}
