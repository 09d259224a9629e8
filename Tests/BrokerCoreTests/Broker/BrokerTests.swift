// SPDX-License-Identifier: Apache-2.0
// What the broker decides, event by event: facts before the packets that follow from them, in the
// order in which they must be carried out.
import MQTT
import Testing

@testable import BrokerCore

@Suite struct BrokerTests {
    @Test func aQoS2MessageOnItsWay() throws {
        let assembly = Assembly()
        let plc = assembly.member("plc")
        let db = assembly.member("db")
        #expect(
            try plc.connect(clean: false, expiry: 60) == [.journal(.opened("plc")), .connack()])
        #expect(try db.connect(clean: false, expiry: 60) == [.journal(.opened("db")), .connack()])
        #expect(
            try db.subscribe("sensor/+")
                == [.journal(.subscribed("db", "sensor/+")), .suback([.grantedQoS2])])
        #expect(
            try plc.publish(7, "sensor/data") == [
                .journal(.stored("sensor/data")),
                .journal(.accepted("sensor/data", from: "plc", 7)), .pubrec(7),
            ])
        #expect(try plc.publish(7, "sensor/data") == [.pubrec(7)])
        #expect(
            plc.pubrel(7) == [
                .journal(.released("plc", 7, to: ["db#1"])), .pubcomp(7),
                .publish("sensor/data", qos: 2, id: 1, to: "db"),
            ])
        #expect(db.acknowledge(.pubrec, 1) == [.journal(.acknowledged("db", 1)), .pubrel(1)])
        #expect(db.acknowledge(.pubrec, 1) == [.pubrel(1)])
        #expect(db.acknowledge(.pubcomp, 1) == [.journal(.completed("db", 1))])
        #expect(assembly.broker.status.messages == 0)
    }

    @Test func sessionsOfTheirConnectionAreNotJournalled() throws {
        let assembly = Assembly()
        let plc = assembly.member("plc", .v311)
        let db = assembly.member("db", .v311)
        #expect(try plc.connect() == [.record(.opened("plc")), .connack()])
        #expect(try db.connect() == [.record(.opened("db")), .connack()])
        #expect(
            try db.subscribe("t") == [.record(.subscribed("db", "t")), .suback([.grantedQoS2])])
        #expect(
            try plc.publish(7, "t") == [.record(.accepted("t", from: "plc", 7)), .pubrec(7)])
        #expect(
            plc.pubrel(7) == [
                .record(.released("plc", 7, to: ["db#1"])), .pubcomp(7),
                .publish("t", qos: 2, id: 1, to: "db"),
            ])
        #expect(db.lose() == [.record(.ended("db"))])
        #expect(plc.lose() == [.record(.ended("plc"))])
    }

    /// The journal never knew of its identifier: for it, the message is handed on as it came.
    @Test func aPublisherThatIsNotDurableIsRoutedInTheJournal() throws {
        let assembly = Assembly()
        let plc = assembly.member("plc")
        let db = assembly.member("db")
        let clean = assembly.member("clean")
        _ = try (plc.connect(), db.connect(clean: false, expiry: 60), clean.connect())
        _ = try (db.subscribe("t"), clean.subscribe("t", qos: 1))
        #expect(
            try plc.publish(7, "t") == [.record(.accepted("t", from: "plc", 7)), .pubrec(7)])
        #expect(
            plc.pubrel(7) == [
                .journal(.stored("t")), .journal(.routed("t", to: ["db#1", "clean#1"])),
                .pubcomp(7), .publish("t", qos: 2, id: 1, to: "db"),
                .publish("t", qos: 1, id: 1, to: "clean"),
            ])
    }

    @Test func qos1AndQoS0AreHandedOnAtOnce() throws {
        let assembly = Assembly()
        let plc = assembly.member("plc")
        let db = assembly.member("db")
        _ = try (plc.connect(), db.connect(clean: false, expiry: 60), db.subscribe("t"))
        #expect(try plc.publish(nil, "t", qos: 0) == [.publish("t", to: "db")])
        #expect(try plc.publish(nil, "unheard", qos: 0) == [])
        #expect(try plc.publish(3, "unheard", qos: 1) == [.puback(3)])
        #expect(
            try plc.publish(3, "t", qos: 1) == [
                .journal(.stored("t")), .journal(.routed("t", to: ["db#1"])),
                .publish("t", qos: 1, id: 1, to: "db"), .puback(3),
            ])
        #expect(db.acknowledge(.puback, 1) == [.journal(.completed("db", 1))])
    }

    @Test func aRetainedMessageIsJournalledWhoeverHearsIt() throws {
        let assembly = Assembly()
        let plc = assembly.member("plc")
        let db = assembly.member("db")
        _ = try (plc.connect(), db.connect())
        #expect(
            try plc.publish(3, "t", qos: 1, retain: true)
                == [
                    .journal(.stored("t")), .journal(.routed("t", retains: true, to: [])),
                    .puback(3),
                ])
        #expect(
            try db.subscribe("t") == [
                .record(.subscribed("db", "t")), .suback([.grantedQoS2]),
                .record(.routed("t", to: ["db#1"])), .publish("t", qos: 1, id: 1),
            ])
    }

    @Test func aFullWindowMakesTheNextOnesWait() throws {
        let assembly = Assembly()
        let plc = assembly.member("plc")
        let db = assembly.member("db")
        _ = try (plc.connect(), db.connect(window: 1), db.subscribe("t", qos: 1))
        #expect(
            try plc.publish(1, "t", qos: 1) == [
                .record(.routed("t", to: ["db#1"])), .publish("t", qos: 1, id: 1, to: "db"),
                .puback(1),
            ])
        #expect(
            try plc.publish(2, "t", qos: 1) == [.record(.routed("t", to: ["db"])), .puback(2)])
        #expect(
            db.acknowledge(.puback, 1) == [
                .record(.completed("db", 1)), .record(.sent("db", 2)),
                .publish("t", qos: 1, id: 2),
            ])
    }

    @Test func aNewConnectionRepeats() throws {
        let assembly = Assembly()
        let plc = assembly.member("plc")
        let db = assembly.member("db")
        _ = try (plc.connect(), db.connect(clean: false, expiry: 60), db.subscribe("t"))
        for id in 1...2 as ClosedRange<UInt16> {
            _ = try (plc.publish(PacketID(id), "t"), plc.pubrel(PacketID(id)))
        }
        _ = db.acknowledge(.pubrec, 2)
        #expect(db.lose() == [.journal(.closed("db"))])
        _ = try (plc.publish(3, "t"), plc.pubrel(3))
        #expect(
            try db.connect(clean: false, expiry: 60) == [
                .journal(.resumed("db")), .connack(present: true), .pubrel(2),
                .publish("t", qos: 2, id: 1, dup: true), .journal(.sent("db", 3)),
                .publish("t", qos: 2, id: 3),
            ])
    }

    @Test func takeOverEndsTheOldConnectionFirst() throws {
        let assembly = Assembly()
        let first = assembly.member("plc")
        let second = assembly.member("plc")
        _ = try first.connect(clean: false, expiry: 60)
        // Both have one name, so the old connection's packets look like one's own.
        #expect(
            try second.connect(clean: false, expiry: 60) == [
                .disconnect(.sessionTakenOver), .close(), .journal(.closed("plc")),
                .journal(.resumed("plc")), .connack(present: true),
            ])
    }

    /// The will is routed before it is forgotten: replay needs it that long.
    @Test func aWillIsPublishedBehindTheLossOfItsConnection() throws {
        let assembly = Assembly()
        let plc = assembly.member("plc")
        let db = assembly.member("db")
        #expect(
            try plc.connect(clean: false, expiry: 60, will: "w")
                == [.journal(.stored("w")), .journal(.opened("plc")), .connack()])
        _ = try (db.connect(), db.subscribe("w"))
        #expect(
            plc.lose() == [
                .record(.routed("w", to: ["db#1"])), .publish("w", qos: 2, id: 1, to: "db"),
                .journal(.willForgotten("plc")), .journal(.closed("plc")),
            ])
    }

    @Test func disconnectForgetsTheWillAndMayChangeTheExpiry() throws {
        let assembly = Assembly()
        let plc = assembly.member("plc")
        _ = try plc.connect(clean: false, expiry: 60, will: "w")
        #expect(
            try plc.disconnect(expiry: 0) == [
                .journal(.expiryChanged("plc", 0)), .journal(.willForgotten("plc")), .close(),
                .journal(.ended("plc")),
            ])
    }

    @Test func aFullQueueMakesMQTT3Wait() throws {
        var limits = Limits()
        limits.waitingMax = 1
        let assembly = Assembly(limits)
        let plc = assembly.member("plc", .v311)
        let db = assembly.member("db", .v311)
        _ = try (plc.connect(), db.connect(clean: false), db.subscribe("t"), db.lose())
        #expect(
            try plc.publish(1, "t", qos: 1) == [
                .journal(.stored("t")), .journal(.routed("t", to: ["db"])), .puback(1),
            ])
        #expect(try plc.publish(2, "t", qos: 1) == [.pauseReading()])
        #expect(
            try db.connect(clean: false) == [
                .journal(.resumed("db")), .connack(present: true), .journal(.sent("db", 1)),
                .publish("t", qos: 1, id: 1), .resumeReading(of: "plc"),
            ])
        #expect(
            try plc.publish(2, "t", qos: 1) == [
                .journal(.stored("t")), .journal(.routed("t", to: ["db#2"])),
                .publish("t", qos: 1, id: 2, to: "db"), .puback(2),
            ])
    }

    @Test func dropOldestIsAFactOfItsOwn() throws {
        var limits = Limits()
        limits.waitingMax = 1
        limits.overflow = .dropOldest
        let assembly = Assembly(limits)
        let plc = assembly.member("plc")
        let db = assembly.member("db")
        _ = try (plc.connect(), db.connect(clean: false, expiry: 60), db.subscribe("#"))
        _ = db.lose()
        _ = try plc.publish(1, "old", qos: 1)
        #expect(
            try plc.publish(2, "new", qos: 1) == [
                .journal(.dropped("db", .queueFull)), .journal(.stored("new")),
                .journal(.routed("new", to: ["db"])), .puback(2),
            ])
    }

    @Test func aRefusedDeliveryIsCompleted() throws {
        let assembly = Assembly()
        let plc = assembly.member("plc")
        let db = assembly.member("db")
        _ = try (plc.connect(), db.connect(), db.subscribe("t"))
        _ = try (plc.publish(1, "t"), plc.pubrel(1))
        #expect(
            db.acknowledge(.pubrec, 1, .quotaExceeded) == [.record(.completed("db", 1))])
        #expect(
            db.acknowledge(.pubrec, 1) == [.pubrel(1, .packetIdentifierNotFound)])
        #expect(plc.pubrel(1) == [.pubcomp(1, .packetIdentifierNotFound)])
    }

    @Test func unsubscribeIsAFactWhereThereWasOne() throws {
        let assembly = Assembly()
        let db = assembly.member("db")
        _ = try (db.connect(), db.subscribe("t"))
        #expect(
            try db.unsubscribe("t") == [.record(.unsubscribed("db", "t")), .unsuback([.success])])
        #expect(try db.unsubscribe("t") == [.unsuback([.noSubscriptionExisted])])
    }
}
