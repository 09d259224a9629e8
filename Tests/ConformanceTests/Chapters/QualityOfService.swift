// SPDX-License-Identifier: Apache-2.0
// 4.3, Quality of Service levels and protocol flows: each end of each handshake.
import BrokerCore
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct QualityOfService {}
}

extension Conformance.QualityOfService {
    @Test func `[MQTT-4.3.1-1, 3.3.1-2] QoS 0 goes out once, with DUP 0`() throws {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, qos: 0)
            for qos in 0...2 {
                plc.publish("t", "\(qos)", qos: qos, id: qos == 0 ? nil : 1)
            }
            plc.pubrel(1)
            #expect(
                db.received() == [.publish("t", "0"), .publish("t", "1"), .publish("t", "2")])
            db.lose()
            #expect(db.resume() == [.connack(present: true)])
        }
    }

    @Test
    func `[3.1.1 MQTT-4.3.2-1] [5.0 MQTT-4.3.2-1, 4.3.2-2] QoS 1 begins with a free id, DUP 0`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, qos: 1)
            for number in 1...3 as ClosedRange<UInt16> {
                plc.publish("t", "\(number)", qos: 1, id: 9, dup: true)
                #expect(
                    db.received() == [.publish("t", "\(number)", qos: 1, id: PacketID(number))])
            }
            db.puback(2)
            plc.publish("t", "4", qos: 1, id: 9)
            let id = try #require(db.received().first?.id)
            #expect(![1, 3].contains(id))
        }
    }

    @Test func `[3.1.1 MQTT-4.3.2-1] [5.0 MQTT-4.3.2-3] QoS 1 is open until PUBACK`() throws {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, qos: 1)
            plc.publish("t", "a", qos: 1, id: 1)
            plc.publish("t", "b", qos: 1, id: 1)
            #expect(
                db.received()
                    == [.publish("t", "a", qos: 1, id: 1), .publish("t", "b", qos: 1, id: 2)])
            #expect(db.puback(1) == [])
            db.lose()
            #expect(
                db.resume()
                    == [.connack(present: true), .publish("t", "b", qos: 1, id: 2, dup: true)])
            #expect(db.puback(2) == [])
            db.lose()
            #expect(db.resume() == [.connack(present: true)])
        }
    }

    @Test func `[3.1.1 MQTT-4.3.2-2] [5.0 MQTT-4.3.2-4] QoS 1 is answered by PUBACK and owned`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, qos: 1)
            db.lose()
            #expect(plc.publish("t", "x", qos: 1, id: 77) == [.puback(77)])
            plc.lose()
            try scene.crash()
            #expect(db.resume() == [.connack(present: true), .publish("t", "x", qos: 1, id: 1)])
        }
    }

    @Test func `[3.1.1 MQTT-4.3.2-2] [5.0 MQTT-4.3.2-5] behind PUBACK an id is new, DUP or not`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, qos: 1)
            for dup in [false, true, true] {
                #expect(plc.publish("t", "x", qos: 1, id: 5, dup: dup) == [.puback(5)])
            }
            #expect(
                db.received()
                    == (1...3).map { .publish("t", "x", qos: 1, id: PacketID(UInt16($0))) })
        }
    }
}

extension Conformance.QualityOfService {
    @Test
    func `[3.1.1 MQTT-4.3.3-1] [5.0 MQTT-4.3.3-1, 4.3.3-2] QoS 2 begins with a free id, DUP 0`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            plc.publish("t", "a", qos: 2, id: 9, dup: true)
            plc.pubrel(9)
            #expect(db.received() == [.publish("t", "a", qos: 2, id: 1)])
            #expect(db.pubrec(1) == [.pubrel(1)])
            // Not free before PUBCOMP.
            plc.publishWhole("t", "b", id: 9)
            #expect(db.received() == [.publish("t", "b", qos: 2, id: 2)])
            #expect(db.pubcomp(1) == [])
        }
    }

    @Test func `[3.1.1 MQTT-4.3.3-1] [5.0 MQTT-4.3.3-3] a QoS 2 PUBLISH is open until PUBREC`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            plc.publishWhole("t", "a", id: 1)
            #expect(db.received() == [.publish("t", "a", qos: 2, id: 1)])
            for _ in 0..<2 {
                db.lose()
                #expect(
                    db.resume()
                        == [.connack(present: true), .publish("t", "a", qos: 2, id: 1, dup: true)])
            }
        }
    }

    @Test func `[3.1.1 MQTT-4.3.3-1] [5.0 MQTT-4.3.3-4] PUBREC is answered by PUBREL with its id`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            plc.publishWhole("t", "a", id: 1)
            plc.publishWhole("t", "b", id: 1)
            _ = db.received()
            #expect(db.pubrec(2) == [.pubrel(2)])
            #expect(db.pubrec(1) == [.pubrel(1)])
            // Once more, because the first PUBREL may be lost to the client.
            #expect(db.pubrec(2) == [.pubrel(2)])
        }
    }

    @Test
    func `[3.1.1 MQTT-4.3.3-1] [5.0 MQTT-4.3.3-5, 4.3.3-6] behind PUBREL only PUBREL is resent`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            plc.publishWhole("t", "a", id: 1)
            _ = db.received()
            #expect(db.pubrec(1) == [.pubrel(1)])
            for _ in 0..<2 {
                db.lose()
                #expect(db.resume() == [.connack(present: true), .pubrel(1)])
            }
            #expect(db.pubcomp(1) == [])
            db.lose()
            #expect(db.resume() == [.connack(present: true)])
        }
    }

    @Test func `[5.0 MQTT-4.3.3-7] no expiry once PUBLISH was sent`() throws {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5)
            plc.publish("t", "a", qos: 2, id: 1, expiry: 10)
            plc.pubrel(1)
            #expect(db.received() == [.publish("t", "a", qos: 2, id: 1, expiry: 10)])
            scene.pass(.seconds(30))
            db.lose()
            #expect(
                db.resume() == [
                    .connack(present: true),
                    .publish("t", "a", qos: 2, id: 1, dup: true, expiry: 0),
                ])
        }
    }

    @Test func `[5.0 MQTT-4.3.3-13] the handshake goes on when the message has expired`() throws {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5)
            // On the way in it expires before PUBREL, on the way out before PUBREC.
            #expect(plc.publish("t", "a", qos: 2, id: 1, expiry: 10) == [.pubrec(1)])
            #expect(plc.publish("t", "b", qos: 2, id: 2, expiry: 100) == [.pubrec(2)])
            #expect(plc.pubrel(2) == [.pubcomp(2)])
            #expect(db.received() == [.publish("t", "b", qos: 2, id: 1, expiry: 100)])
            scene.pass(.seconds(200))
            #expect(plc.publish("t", "a", qos: 2, id: 1, dup: true) == [.pubrec(1)])
            #expect(plc.pubrel(1) == [.pubcomp(1)])
            #expect(db.received() == [])
            #expect(db.pubrec(1) == [.pubrel(1)])
            #expect(db.pubcomp(1) == [])
        }
    }
}

extension Conformance.QualityOfService {
    @Test func `[3.1.1 MQTT-4.3.3-2] [5.0 MQTT-4.3.3-8] QoS 2 is answered by PUBREC and owned`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            #expect(plc.publish("t", "x", qos: 2, id: 77) == [.pubrec(77)])
            try scene.crash()
            #expect(plc.resume() == [.connack(present: true)])
            #expect(plc.pubrel(77) == [.pubcomp(77)])
            #expect(db.resume() == [.connack(present: true), .publish("t", "x", qos: 2, id: 1)])
        }
    }

    @Test func `[5.0 MQTT-4.3.3-9] behind a PUBREC of failure an id is new`() throws {
        var limits = Limits()
        limits.waitingMax = 1
        try conversation(limits) { scene in
            let (plc, db) = scene.pair(.v5)
            db.lose()
            plc.publishWhole("t", "a", id: 1)
            #expect(plc.publish("t", "b", qos: 2, id: 2) == [.pubrec(2, .quotaExceeded)])
            #expect(
                db.resume() == [.connack(present: true), .publish("t", "a", qos: 2, id: 1)])
            #expect(plc.publish("t", "c", qos: 2, id: 2) == [.pubrec(2)])
            #expect(plc.pubrel(2) == [.pubcomp(2)])
            #expect(db.received() == [.publish("t", "c", qos: 2, id: 2)])
        }
    }

    @Test
    func `[3.1.1 MQTT-4.3.3-2] [5.0 MQTT-4.3.3-10] before PUBREL a repeat is no copy`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            for dup in [false, true, false] {
                #expect(plc.publish("t", "x", qos: 2, id: 1, dup: dup) == [.pubrec(1)])
            }
            plc.lose()
            plc.resume()
            #expect(plc.publish("t", "x", qos: 2, id: 1, dup: true) == [.pubrec(1)])
            #expect(plc.pubrel(1) == [.pubcomp(1)])
            #expect(db.received() == [.publish("t", "x", qos: 2, id: 1)])
        }
    }

    @Test
    func `[3.1.1 MQTT-4.3.3-2] [5.0 MQTT-4.3.3-11] PUBREL is answered by PUBCOMP with its id`()
        throws
    {
        try conversations { scene, version in
            let (plc, _) = scene.pair(version)
            for id in [3, 1, 2] as [PacketID] {
                #expect(plc.publish("t", "x", qos: 2, id: id) == [.pubrec(id)])
            }
            for id in [2, 3, 1] as [PacketID] {
                #expect(plc.pubrel(id) == [.pubcomp(id)])
            }
        }
    }

    @Test func `[3.1.1 MQTT-4.3.3-2] [5.0 MQTT-4.3.3-12] behind PUBCOMP an id is new, DUP or not`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            for (number, dup) in [false, true, false].enumerated() {
                #expect(plc.publish("t", "x", qos: 2, id: 1, dup: dup) == [.pubrec(1)])
                #expect(plc.pubrel(1) == [.pubcomp(1)])
                let id = PacketID(UInt16(number + 1))
                #expect(db.received() == [.publish("t", "x", qos: 2, id: id)])
            }
        }
    }

    /// What was released stays released: a PUBREL that comes again finds nothing.
    @Test func `[5.0 unknown-identifier] PUBREL and PUBREC of an unknown id are told so`() throws {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5)
            #expect(plc.pubrel(5) == [.pubcomp(5, .packetIdentifierNotFound)])
            #expect(db.pubrec(5) == [.pubrel(5, .packetIdentifierNotFound)])
            plc.publishWhole("t", "x", id: 5)
            #expect(plc.pubrel(5) == [.pubcomp(5, .packetIdentifierNotFound)])
            #expect(db.received() == [.publish("t", "x", qos: 2, id: 1)])
        }
        // MQTT 3.1.1 knows no such word, and a client must come to its end.
        try conversation { scene in
            let (plc, db) = scene.pair(.v311)
            #expect(plc.pubrel(5) == [.pubcomp(5)])
            #expect(db.pubrec(5) == [.pubrel(5)])
        }
    }
}
