// SPDX-License-Identifier: Apache-2.0
// 3.1.2.4 and 4.1, sessions: made, resumed, thrown away, taken over, and what belongs to them.
import BrokerCore
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct Sessions {}
}

extension Conformance.Sessions {
    @Test
    func `[3.1.1 MQTT-3.1.2-4] [5.0 MQTT-3.1.2-5, 3.1.2-6, 3.1.2-23] a session goes on, or begins`()
        throws
    {
        try conversations { scene, version in
            let db = scene.client("db", version)
            #expect(db.resume() == [.connack(present: false)])
            db.subscribe("t", qos: 1)
            for end in 0..<3 {
                if end == 0 { db.disconnect() } else { db.lose() }
                #expect(db.resume() == [.connack(present: true)])
                #expect(db.publish("t", "x") == [.publish("t", "x")])
            }
        }
    }

    @Test func `[3.1.1 MQTT-3.1.2-5] QoS 1 and 2 are kept for who is away`() throws {
        try conversation { scene in
            let (plc, db) = scene.pair(.v311, "#")
            for qos in 0...2 { db.subscribe("\(qos)", qos: qos) }
            db.unsubscribe("#")
            db.disconnect()
            for topic in ["0", "1", "2", "other"] {
                plc.publishWhole(topic, topic, id: 1)
            }
            #expect(
                db.resume() == [
                    .connack(present: true), .publish("1", "1", qos: 1, id: 1),
                    .publish("2", "2", qos: 2, id: 2),
                ])
        }
    }

    @Test func `[3.1.1 MQTT-3.1.2-6] [5.0 MQTT-3.1.2-4] a clean session begins with nothing`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            plc.publish("t", "x", qos: 2, id: 7)
            plc.disconnect()
            db.disconnect()
            #expect(db.connect(clean: true) == [.connack(present: false)])
            #expect(db.publish("t", "x") == [])
            #expect(plc.connect(clean: true) == [.connack(present: false)])
            // The open QoS 2 message is gone as well.
            let reason: ReasonCode = version == .v5 ? .packetIdentifierNotFound : .success
            #expect(plc.pubrel(7) == [.pubcomp(7, reason)])
        }
    }

    @Test
    func
        `[3.1.1 MQTT-3.1.2-6, 4.1.0-2] [5.0 MQTT-4.1.0-1] it ends with its connection`()
        throws
    {
        try conversations { scene, version in
            let db = scene.client("db", version)
            for end in 0..<2 {
                db.connect(clean: true)
                db.subscribe("t")
                // As long as the connection is there the session is.
                scene.pass(.seconds(1_000_000))
                #expect(db.publish("t", "x") == [.publish("t", "x")])
                if end == 0 { db.disconnect() } else { db.lose() }
                #expect(db.resume() == [.connack(present: false)])
                #expect(db.publish("t", "x") == [])
                db.disconnect(expiry: version == .v5 ? 0 : nil)
                db.connect()
                db.disconnect()
            }
        }
    }

    @Test func `[3.1.1 MQTT-3.1.2-7] retained messages outlive sessions`() throws {
        try conversations { scene, version in
            let plc = scene.client("plc", version)
            plc.connect()
            plc.publish("t", "kept", qos: 1, id: 1, retain: true)
            plc.disconnect()
            plc.connect()
            plc.lose()
            let db = scene.client("db", version)
            db.connect()
            #expect(
                db.subscribe("t", qos: 0)
                    == [.suback([.grantedQoS0]), .publish("t", "kept", retain: true)])
        }
    }

    @Test func `[MQTT-3.1.3-2] a session is known by its client identifier`() throws {
        try conversations { scene, version in
            let a = scene.client("client", version)
            let b = scene.client("Client", version)
            let c = scene.client("client ", version)
            a.resume()
            a.subscribe("t")
            a.disconnect()
            #expect(b.resume() == [.connack(present: false)])
            #expect(c.resume() == [.connack(present: false)])
            #expect(a.resume() == [.connack(present: true)])
        }
    }

    @Test func `[MQTT-3.1.3-2] also when the client comes back with another version`() throws {
        let own = [UserProperty("n", "v")]
        try conversation { scene in
            let plc = scene.client("plc", .v5)
            let new = scene.client("db", .v5)
            let old = scene.client("db", .v311)
            plc.connect()
            new.resume()
            new.subscribe("t", qos: 2, identifier: 7)
            new.lose()
            for _ in 0..<2 {
                plc.publish("t", "x", qos: 1, id: 1, userProperties: own)
            }
            #expect(
                old.resume() == [
                    .connack(present: true), .publish("t", "x", qos: 1, id: 1),
                    .publish("t", "x", qos: 1, id: 2),
                ])
            old.puback(1)
            old.lose()
            #expect(
                new.resume() == [
                    .connack(present: true),
                    .publish(
                        "t", "x", qos: 1, id: 2, dup: true, identifiers: [7], userProperties: own),
                ])
        }
    }

    @Test func `[3.1.1 MQTT-4.1.0-1] [5.0 MQTT-4.1.0-1] all of a session is kept`() throws {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            // What it has subscribed to, what is on its way to it, and what it has not released.
            plc.publishWhole("t", "a", id: 1)
            plc.publishWhole("t", "b", id: 1)
            _ = db.received()
            db.pubrec(1)
            #expect(db.publish("u", "x", qos: 2, id: 9) == [.pubrec(9)])
            db.lose()
            plc.publishWhole("t", "c", id: 1)
            try scene.crash()
            plc.resume()
            #expect(
                db.resume() == [
                    .connack(present: true), .pubrel(1),
                    .publish("t", "b", qos: 2, id: 2, dup: true),
                    .publish("t", "c", qos: 2, id: 3),
                ])
            #expect(db.publish("u", "x", qos: 2, id: 9, dup: true) == [.pubrec(9)])
            #expect(db.pubrel(9) == [.pubcomp(9)])
        }
    }
}

extension Conformance.Sessions {
    @Test func `[5.0 MQTT-4.1.0-2, session-expiry] a session ends when its expiry has passed`()
        throws
    {
        try conversation { scene in
            let db = scene.client("db", .v5)
            db.connect(clean: true, expiry: 100)
            // It is counted from the end of the connection.
            scene.pass(.seconds(1000))
            db.lose()
            scene.pass(.seconds(99))
            #expect(db.connect(clean: false, expiry: 100) == [.connack(present: true)])
            db.disconnect()
            scene.pass(.seconds(100))
            #expect(db.connect(clean: false, expiry: 100) == [.connack(present: false)])
        }
        // Without an expiry, or with 0, it ends at once, and its will goes out.
        for expiry in [nil, 0] as [UInt32?] {
            try conversation { scene in
                let will = WillEncoder(topic: "t", payload: [], qos: .atMostOnce, delay: 50)
                let (db, plc) = scene.pair(.v5, qos: 0)
                plc.subscribe("t")
                db.connect(clean: false, expiry: expiry, will: will)
                db.lose()
                #expect(plc.received() == [.publish("t")])
                #expect(db.resume() == [.connack(present: false)])
            }
        }
    }

    @Test func `[5.0 session-expiry] the expiry at DISCONNECT counts`() throws {
        try conversation { scene in
            let db = scene.client("db", .v5)
            db.resume(expiry: 3600)
            #expect(db.disconnect(expiry: 0) == [.closed])
            #expect(db.resume(expiry: 5) == [.connack(present: false)])
            #expect(db.disconnect(expiry: 3600) == [.closed])
            scene.pass(.seconds(3599))
            #expect(db.resume(expiry: 5) == [.connack(present: true)])
            #expect(db.disconnect() == [.closed])
            scene.pass(.seconds(5))
            #expect(db.resume(expiry: 5) == [.connack(present: false)])
        }
    }

    @Test func `[5.0 expiry-raised] DISCONNECT may not raise an expiry of 0`() throws {
        try conversation { scene in
            let db = scene.client("db", .v5)
            db.connect()
            #expect(db.disconnect(expiry: 1) == farewell(.protocolError, .v5))
            #expect(db.connect(clean: false) == [.connack(present: false)])
            #expect(db.disconnect(expiry: 0) == [.closed])
        }
    }
}

extension Conformance.Sessions {
    @Test
    func `[3.1.1 MQTT-3.1.4-2] [5.0 MQTT-3.1.4-3] who connects again takes the old one's place`()
        throws
    {
        for (first, second) in everyPairOfVersions() {
            try conversation { scene in
                let db = scene.client("db", first)
                db.connect()
                db.subscribe("w", qos: 0)
                let will = WillEncoder(topic: "w", payload: [UInt8]("x"), qos: .atMostOnce)
                let old = scene.client("plc", first)
                let new = scene.client("plc", second)
                old.connect(will: will)
                #expect(new.connect() == [.connack()])
                #expect(old.received() == farewell(.sessionTakenOver, first))
                #expect(db.received() == [.publish("w", "x")])
                #expect(new.ping() == [.pingresp])
            }
        }
    }

    @Test func `[3.1.1 MQTT-3.1.4-2] [5.0 MQTT-3.1.4-2] who is refused takes nobody's place`()
        throws
    {
        var limits = Limits()
        limits.retainAvailable = false
        try conversations(limits) { scene, version in
            let (plc, db) = scene.pair(version, qos: 0)
            let second = scene.client("db", version)
            let will = WillEncoder(topic: "w", payload: [], qos: .atMostOnce, retain: true)
            #expect(second.connect(will: will).last == .closed)
            plc.publish("t", "x")
            #expect(db.received() == [.publish("t", "x")])
        }
    }

    @Test
    func `[3.1.1 MQTT-3.1.4-3, 4.1.0-2] [5.0 MQTT-3.1.4-4, 4.1.0-2] what was clean is not resumed`()
        throws
    {
        try conversations { scene, version in
            let first = scene.client("db", version)
            first.connect(clean: true)
            first.subscribe("t")
            let second = scene.client("db", version)
            #expect(second.resume() == [.connack(present: false)])
            #expect(first.received() == farewell(.sessionTakenOver, version))
            #expect(second.publish("t", "x") == [])
        }
    }

    @Test
    func `[3.1.1 MQTT-3.1.4-3] [5.0 MQTT-3.1.4-4] with a take-over too the clean flag counts`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version)
            plc.publishWhole("t", "x", id: 1)
            _ = db.received()
            let second = scene.client("db", version)
            #expect(
                second.resume()
                    == [.connack(present: true), .publish("t", "x", qos: 2, id: 1, dup: true)])
            #expect(db.received() == farewell(.sessionTakenOver, version))
            let third = scene.client("db", version)
            #expect(third.connect(clean: true) == [.connack(present: false)])
            #expect(second.received() == farewell(.sessionTakenOver, version))
            #expect(third.publish("t", "x") == [])
        }
    }
}
