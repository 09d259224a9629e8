// SPDX-License-Identifier: Apache-2.0
// Maximum Packet Size in both directions. What is too large for its receiver is dropped and counted,
// and keeps no place in its window.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct PacketSizeTests {
    private func tooLarge(_ scene: Scene) -> UInt64 {
        scene.engine.broker.metrics.dropped[Int(DropReason.tooLarge.rawValue)]
    }

    /// [MQTT-3.1.2-24], [MQTT-3.1.2-25]
    @Test func whatIsTooLargeIsDroppedAndNothingWaitsBehindIt() {
        for qos in 0...2 {
            scene { scene in
                let plc = scene.client("plc")
                let db = scene.client("db")
                plc.connect()
                db.connect(packetSizeMax: 50)
                db.subscribe("t", qos: qos)
                plc.publishWhole("t", String(repeating: "x", count: 100), id: 1)
                plc.publishWhole("t", "small", id: 2)
                #expect(
                    db.received() == [.publish("t", "small", qos: qos, id: qos == 0 ? nil : 1)])
                #expect(tooLarge(scene) == 1)
            }
        }
    }

    /// Not one byte less than what the client takes.
    @Test func exactlyTheMaximumFits() {
        for (qos, room) in [(0, 94), (1, 92), (2, 92)] {
            scene { scene in
                let plc = scene.client("plc")
                let db = scene.client("db")
                plc.connect()
                db.connect(packetSizeMax: 100)
                db.subscribe("t", qos: qos)
                let fits = String(repeating: "x", count: room)
                plc.publishWhole("t", fits, id: 1)
                #expect(db.received() == [.publish("t", fits, qos: qos, id: qos == 0 ? nil : 1)])
                #expect(db.lastWire.count == 100)
                plc.publishWhole("t", fits + "x", id: 2)
                #expect(db.received() == [])
                #expect(tooLarge(scene) == 1)
            }
        }
    }

    @Test func identifiersAndExpiryAreCounted() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect(packetSizeMax: 100)
            db.subscribe("t", qos: 0, identifier: 268_435_455)
            let fits = String(repeating: "x", count: 84)
            plc.publish("t", fits, expiry: 9)
            #expect(db.received() == [.publish("t", fits, expiry: 9, identifiers: [268_435_455])])
            #expect(db.lastWire.count == 100)
            plc.publish("t", fits + "x", expiry: 9)
            #expect(db.received() == [])
        }
    }

    @Test func whatWaitedIsDroppedWhenItsTurnComes() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume(window: 1)
            db.subscribe("t")
            db.lose()
            for number in 1...6 {
                let count = number.isMultiple(of: 2) ? 1 : 100
                plc.publish("t", String(repeating: "\(number)", count: count), qos: 1, id: 1)
            }
            #expect(
                db.resume(window: 1, packetSizeMax: 50)
                    == [.connack(present: true), .publish("t", "2", qos: 1, id: 1)])
            #expect(db.puback(1) == [.publish("t", "4", qos: 1, id: 2)])
            #expect(db.puback(2) == [.publish("t", "6", qos: 1, id: 3)])
            #expect(tooLarge(scene) == 3)
            #expect(scene.engine.broker.status.queued == 0)
        }
    }

    /// Without its answer a client would wait for ever.
    @Test func anAnswerThatIsTooLargeEndsTheConnection() {
        scene { scene in
            #expect(scene.client("tiny").connect(packetSizeMax: 5) == [.closed])
            let db = scene.client("db")
            db.connect(packetSizeMax: 20)
            let filters = (1...20).map { "t/\($0)" }
            #expect(
                db.send(
                    SubscribeEncoder(
                        .v5, 1,
                        filters.map { .init($0, SubscriptionOptions(maximumQoS: .atMostOnce)) }
                    )
                    .encoded()) == farewell(.packetTooLarge, .v5))
            #expect(!db.isOpen)
        }
    }

    /// [MQTT-3.2.0-1]: what is owed to the session would fit, and must not come without CONNACK.
    @Test func withoutConnackNothingIsResent() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume()
            db.subscribe("t")
            plc.publishWhole("t", "1", id: 1)
            plc.publishWhole("t", String(repeating: "x", count: 10_000), id: 2)
            db.lose()
            #expect(db.resume(packetSizeMax: 10) == [.closed])
            #expect(db.resume().first == .connack(present: true))
        }
    }

    /// Nobody is refused with a packet that he does not take: the end of the connection says it.
    @Test func aRefusalThatIsTooLargeIsNotSaid() {
        var limits = Limits()
        limits.terms.allowsAnonymous = false
        for (packetSizeMax, answer) in [(4, [.closed]), (5, [.connack(.notAuthorized), .closed])]
            as [(UInt32, [Packet])]
        {
            let scene = Scene(limits)
            #expect(scene.client("c").connect(packetSizeMax: packetSizeMax) == answer)
            scene.expectEnd()
        }
    }

    @Test func whatIsInFlightIsDroppedWhenTheNewConnectionTakesLess() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume(window: 1)
            db.subscribe("t")
            plc.publish("t", String(repeating: "x", count: 100), qos: 1, id: 1)
            plc.publish("t", "small", qos: 1, id: 1)
            #expect(db.received().count == 1)
            db.lose()
            #expect(
                db.resume(window: 1, packetSizeMax: 50)
                    == [.connack(present: true), .publish("t", "small", qos: 1, id: 2)])
            #expect(tooLarge(scene) == 1)
        }
    }

    /// [MQTT-3.2.2-15]
    @Test func aPacketAboveTheServersMaximumEndsTheConnection() {
        var limits = Limits()
        limits.packetSizeMax = 100
        for version in versions {
            scene(limits) { scene in
                let plc = scene.client("plc", version)
                plc.connect()
                let room = version == .v5 ? 94 : 95
                #expect(plc.publish("t", String(repeating: "x", count: room)) == [])
                #expect(
                    plc.publish("t", String(repeating: "x", count: room + 1))
                        == farewell(.packetTooLarge, version))
                // Known from the header alone.
                plc.connect()
                #expect(
                    plc.send([0x30, 0xFF, 0xFF, 0x7F]) == farewell(.packetTooLarge, version))
            }
        }
    }

    @Test func largePayloadsAreGatheredFromTheStore() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            let slow = scene.client("slow")
            plc.connect()
            db.resume()
            slow.connect()
            db.subscribe("t")
            slow.subscribe("t")
            slow.setRoom(0)
            for (number, count) in [8191, 8192, 8193, 100_000].enumerated() {
                let text = String(repeating: "\(number)", count: count)
                let id = PacketID(UInt16(number + 1))
                plc.publishWhole("t", text, id: id)
                #expect(db.received() == [.publish("t", text, qos: 2, id: id)])
            }
            // A few bytes at a time, over the borders of all pieces.
            for room in [1, 4, 8180, 9, 8200, 1, 8192, 99_000] { slow.setRoom(room) }
            slow.setRoom(nil)
            #expect(
                slow.received().map { packet in
                    guard case .message(let arrival) = packet else { return 0 }
                    return arrival.payload.utf8.count
                } == [8191, 8192, 8193, 100_000])
        }
    }

    /// The store keeps a payload until the output that gathers it has let go of it.
    @Test func aPayloadOnItsWayOutlivesItsDelivery() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect()
            db.subscribe("t", qos: 0)
            db.setRoom(1000)
            let text = String(repeating: "x", count: 20_000)
            plc.publish("t", text)
            #expect(scene.engine.broker.state.messages.count == 1)
            plc.publish("t", "other")
            db.setRoom(nil)
            #expect(db.received() == [.publish("t", text), .publish("t", "other")])
            #expect(scene.engine.broker.state.messages.count == 0)
            db.setRoom(1000)
            plc.publish("t", text)
            db.lose()
            #expect(scene.engine.broker.state.messages.count == 0)
        }
    }
}
