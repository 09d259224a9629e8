// SPDX-License-Identifier: Apache-2.0
// 3.3.1.3, RETAIN: what is kept for later subscribers, what they get, and with which flag.
import BrokerCore
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct Retained {}
}

extension Scene {
    /// What a new subscriber of `filter` gets, told by a client that leaves again.
    fileprivate func kept(_ filter: String, _ version: ProtocolVersion, qos: Int = 2) -> [Packet] {
        let reader = client("reader", version)
        reader.connect()
        let found = reader.subscribe(filter, qos: qos)
        reader.disconnect()
        return Array(found.dropFirst())
    }
}

extension Conformance.Retained {
    @Test func `[MQTT-3.3.1-5] RETAIN keeps the last message and its QoS`() throws {
        try conversations { scene, version in
            let plc = scene.client("plc", version)
            plc.connect()
            for (number, qos) in [0, 2, 1].enumerated() {
                plc.publish("t", "\(number)", qos: qos, id: qos == 0 ? nil : 1, retain: true)
                if qos == 2 { plc.pubrel(1) }
                let id: PacketID? = qos == 0 ? nil : 1
                #expect(
                    scene.kept("t", version)
                        == [.publish("t", "\(number)", qos: qos, id: id, retain: true)])
            }
            #expect(scene.kept("t", version, qos: 0) == [.publish("t", "2", retain: true)])
        }
    }

    @Test func `[3.1.1 MQTT-3.3.1-6] [5.0 MQTT-3.3.1-9] a new subscription gets all that match`()
        throws
    {
        try conversations { scene, version in
            let plc = scene.client("plc", version)
            plc.connect()
            for topic in ["a", "a/b", "a/b/c", "b", "$s/a"] {
                plc.publish(topic, "old", retain: true)
                plc.publish(topic, topic, retain: true)
            }
            func topics(_ filter: String) -> [String] {
                scene.kept(filter, version).compactMap {
                    if case .message(let arrival) = $0 { arrival.payload } else { nil }
                }.sorted()
            }
            #expect(topics("a") == ["a"])
            #expect(topics("a/#") == ["a", "a/b", "a/b/c"])
            #expect(topics("+/b") == ["a/b"])
            #expect(topics("#") == ["a", "a/b", "a/b/c", "b"])
            #expect(topics("$s/#") == ["$s/a"])
            #expect(topics("c/#") == [])
        }
    }

    @Test func `[3.1.1 MQTT-3.3.1-7] QoS 0 with RETAIN replaces what was kept before`() throws {
        try conversation { scene in
            let plc = scene.client("plc", .v311)
            plc.connect()
            plc.publish("t", "older", qos: 1, id: 1, retain: true)
            plc.publish("t", "newer", qos: 0, retain: true)
            #expect(scene.kept("t", .v311) == [.publish("t", "newer", retain: true)])
        }
    }

    @Test
    func
        `[3.1.1 MQTT-3.3.1-8, 3.3.1-9] [5.0 MQTT-3.3.1-12] RETAIN is 1 for the new, 0 for the old`()
        throws
    {
        try conversations { scene, version in
            let (plc, db) = scene.pair(version, qos: 0)
            for qos in 0...2 {
                plc.publish("t", "x", qos: qos, id: qos == 0 ? nil : 1, retain: true)
            }
            plc.pubrel(1)
            #expect(db.received() == Array(repeating: .publish("t", "x"), count: 3))
            #expect(scene.kept("t", version, qos: 0) == [.publish("t", "x", retain: true)])
        }
    }

    @Test
    func `[3.1.1 MQTT-3.3.1-10, 3.3.1-11] [5.0 MQTT-3.3.1-6, 3.3.1-7] an empty message takes away`()
        throws
    {
        for qos in 0...2 {
            try conversations { scene, version in
                let (plc, db) = scene.pair(version, qos: 0)
                plc.publish("t", "x", retain: true)
                #expect(db.received() == [.publish("t", "x")])
                for _ in 0..<2 {
                    plc.publish("t", "", qos: qos, id: qos == 0 ? nil : 1, retain: true)
                    if qos == 2 { plc.pubrel(1) }
                    // It is delivered like others, and is not kept itself.
                    #expect(db.received() == [.publish("t", "")])
                    #expect(scene.kept("t", version) == [])
                }
            }
        }
    }

    @Test func `[3.1.1 MQTT-3.3.1-12] [5.0 MQTT-3.3.1-8] without RETAIN nothing is kept or taken`()
        throws
    {
        try conversations { scene, version in
            let plc = scene.client("plc", version)
            plc.connect()
            plc.publish("t", "x", qos: 1, id: 1)
            #expect(scene.kept("t", version) == [])
            plc.publish("t", "kept", retain: true)
            plc.publish("t", "y", qos: 1, id: 1)
            plc.publish("t", "", qos: 1, id: 1)
            #expect(scene.kept("t", version) == [.publish("t", "kept", retain: true)])
        }
    }
}

private let kept: Packet = .publish("t", "x", retain: true)

extension Conformance.Retained {
    @Test func `[5.0 MQTT-3.3.1-9] Retain Handling 0: retained messages come each time`() throws {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5, "u")
            plc.publish("t", "x", retain: true)
            for _ in 0..<2 {
                #expect(
                    db.subscribe("t", qos: 0, retained: .send) == [.suback([.grantedQoS0]), kept])
            }
        }
    }

    @Test func `[5.0 MQTT-3.3.1-10] Retain Handling 1: only for a new subscription`() throws {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5, "u")
            plc.publish("t", "x", retain: true)
            #expect(
                db.subscribe("t", qos: 0, retained: .sendIfNew)
                    == [.suback([.grantedQoS0]), kept])
            #expect(db.subscribe("t", qos: 1, retained: .sendIfNew) == [.suback([.grantedQoS1])])
            db.lose()
            db.resume()
            #expect(db.subscribe("t", qos: 0, retained: .sendIfNew) == [.suback([.grantedQoS0])])
            db.unsubscribe("t")
            #expect(
                db.subscribe("t", qos: 0, retained: .sendIfNew)
                    == [.suback([.grantedQoS0]), kept])
        }
    }

    @Test func `[5.0 MQTT-3.3.1-11] Retain Handling 2: never`() throws {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5, "u")
            plc.publish("t", "x", retain: true)
            for _ in 0..<2 {
                #expect(
                    db.subscribe("t", qos: 0, retained: .doNotSend) == [.suback([.grantedQoS0])])
            }
            plc.publish("t", "y", retain: true)
            #expect(db.received() == [.publish("t", "y")])
        }
    }

    @Test func `[5.0 MQTT-3.3.1-12, 3.3.1-13] Retain As Published forwards the flag`() throws {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5, "u")
            for asPublished in [false, true] {
                db.subscribe("t", qos: 1, retainAsPublished: asPublished, retained: .doNotSend)
                for retain in [false, true] {
                    plc.publish("t", "x", qos: 0, retain: retain)
                    #expect(
                        db.received() == [.publish("t", "x", retain: retain && asPublished)])
                }
            }
            // Kept messages come with it, whatever was asked for.
            #expect(
                db.subscribe("t", qos: 0, retainAsPublished: false)
                    == [.suback([.grantedQoS0]), kept])
        }
    }

    @Test func `[5.0 retained-expiry] a retained message expires like others`() throws {
        try conversation { scene in
            let plc = scene.client("plc", .v5)
            plc.connect()
            plc.publish("t", "x", retain: true, expiry: 10)
            scene.pass(.seconds(9))
            #expect(scene.kept("t", .v5) == [.publish("t", "x", retain: true, expiry: 1)])
            #expect(scene.kept("t", .v311) == [.publish("t", "x", retain: true)])
            scene.pass(.seconds(1))
            #expect(scene.kept("t", .v5) == [])
            #expect(scene.kept("t", .v311) == [])
        }
    }
}
