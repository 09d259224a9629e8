// SPDX-License-Identifier: Apache-2.0
// Subscriptions as their makers see them: wildcards, overlaps, options, and their end.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct SubscribeTests {
    @Test func wildcardsMatchWholeLevels() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            for (filter, topic, matches) in [
                ("a/+/c", "a/b/c", true), ("a/+/c", "a/b/d", false), ("a/+/c", "a/b/c/d", false),
                ("a/#", "a", true), ("a/#", "a/b/c", true), ("a/#", "ab", false),
                ("#", "a/b", true), ("+", "a", true), ("+", "a/b", false), ("+/+", "/a", true),
                ("+/#", "a", true), ("/+", "/a", true), ("a/+", "a/", true), ("a//b", "a//b", true),
            ] {
                let db = scene.client("db")
                db.connect()
                db.subscribe(filter, qos: 0)
                plc.publish(topic)
                #expect(db.received() == (matches ? [.publish(topic)] : []), "\(filter) \(topic)")
                db.disconnect()
            }
        }
    }

    /// [MQTT-4.7.2-1]
    @Test func topicsWithDollarAreHiddenFromLeadingWildcards() {
        scene { scene in
            let plc = scene.client("plc")
            let all = scene.client("all")
            let one = scene.client("one")
            plc.connect()
            all.connect()
            one.connect()
            all.subscribe("#", "+/x", qos: 0)
            one.subscribe("$test/#", qos: 0)
            plc.publish("$test/x", "1", retain: true)
            #expect(all.received() == [])
            #expect(one.received() == [.publish("$test/x", "1")])
            let late = scene.client("late")
            late.connect()
            #expect(late.subscribe("#", "+/x") == [.suback([.grantedQoS2, .grantedQoS2])])
            #expect(
                late.subscribe("$test/+")
                    == [.suback([.grantedQoS2]), .publish("$test/x", "1", retain: true)])
        }
    }

    /// [MQTT-3.3.4-2], [MQTT-3.3.4-3], [MQTT-3.3.4-4]
    @Test func overlappingSubscriptionsGetOneMessageAtTheHighestQoS() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc")
                let db = scene.client("db", version)
                plc.connect()
                db.connect()
                db.subscribe("a/#", qos: 0, identifier: version == .v5 ? 3 : nil)
                db.subscribe("a/+", qos: 2, identifier: version == .v5 ? 268_435_455 : nil)
                db.subscribe("a/b", qos: 1)
                db.subscribe("#", qos: 1, identifier: version == .v5 ? 1 : nil)
                plc.publishWhole("a/b", "x", id: 1)
                #expect(
                    db.received() == [
                        .publish(
                            "a/b", "x", qos: 2, id: 1,
                            identifiers: version == .v5 ? [1, 3, 268_435_455] : [])
                    ])
            }
        }
    }

    @Test func identifiersAreKeptForAnAbsentSession() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.resume()
            db.subscribe("a/#", identifier: 9)
            db.subscribe("a/+", identifier: 8)
            db.disconnect()
            plc.publish("a/b", "x", qos: 1, id: 1)
            #expect(
                db.resume() == [
                    .connack(present: true),
                    .publish("a/b", "x", qos: 1, id: 1, identifiers: [8, 9]),
                ])
        }
    }

    /// [MQTT-3.8.4-3]
    @Test func anEqualFilterReplacesTheSubscription() {
        scene { scene in
            let db = scene.client("db")
            db.connect()
            db.subscribe("t", qos: 0, identifier: 1)
            db.subscribe("t", qos: 1, identifier: 2)
            #expect(scene.engine.broker.status.subscriptions == 1)
            #expect(
                db.publish("t", "x", qos: 1, id: 5)
                    == [.publish("t", "x", qos: 1, id: 1, identifiers: [2]), .puback(5)])
        }
    }

    /// [MQTT-3.8.3-3]
    @Test func noLocalKeepsOnesOwnMessagesAway() {
        scene { scene in
            let plc = scene.client("plc")
            let hmi = scene.client("hmi")
            plc.connect()
            hmi.connect()
            plc.subscribe("t/#", qos: 2, noLocal: true)
            hmi.subscribe("t/#", qos: 0)
            #expect(plc.publish("t/a", "own") == [])
            #expect(hmi.received() == [.publish("t/a", "own")])
            #expect(hmi.publish("t/a", "other") == [.publish("t/a", "other")])
            #expect(plc.received() == [.publish("t/a", "other")])
        }
    }

    @Test func noLocalCountsForTheQoSOfOnesOwnMessages() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            plc.subscribe("t/#", qos: 2, noLocal: true)
            plc.subscribe("t/a", qos: 1)
            #expect(plc.publish("t/a", "own", qos: 2, id: 1) == [.pubrec(1)])
            #expect(plc.pubrel(1) == [.pubcomp(1), .publish("t/a", "own", qos: 1, id: 1)])
        }
    }

    /// What does not match ones own message lends it neither its identifier nor its flag.
    @Test func noLocalSubscriptionsGiveNothingToOnesOwnMessages() {
        scene { scene in
            let plc = scene.client("plc")
            plc.connect()
            plc.subscribe("t/#", qos: 2, identifier: 1, noLocal: true, retainAsPublished: true)
            plc.subscribe("t/a", qos: 0, identifier: 2)
            #expect(
                plc.publish("t/a", "own", retain: true)
                    == [.publish("t/a", "own", identifiers: [2])])
            let hmi = scene.client("hmi")
            hmi.connect()
            hmi.publish("t/a", "other", retain: true)
            #expect(
                plc.received() == [.publish("t/a", "other", retain: true, identifiers: [1, 2])])
        }
    }

    /// [MQTT-3.3.1-12], [MQTT-3.3.1-13]
    @Test func retainAsPublishedKeepsTheFlag() {
        scene { scene in
            let plc = scene.client("plc")
            let plain = scene.client("plain")
            let kept = scene.client("kept")
            plc.connect()
            plain.connect()
            kept.connect()
            plain.subscribe("t", qos: 0)
            kept.subscribe("t", qos: 0, retainAsPublished: true)
            plc.publish("t", "x", retain: true)
            plc.publish("t", "y")
            #expect(plain.received() == [.publish("t", "x"), .publish("t", "y")])
            #expect(kept.received() == [.publish("t", "x", retain: true), .publish("t", "y")])
        }
    }

    @Test func unsubscribeEndsWhatItNames() {
        for version in versions {
            scene { scene in
                let db = scene.client("db", version)
                db.resume()
                db.subscribe("a/#", "b")
                let reasons: [ReasonCode] =
                    version == .v5 ? [.success, .noSubscriptionExisted, .success] : []
                #expect(db.unsubscribe("a/#", "a/+", "b") == [.unsuback(reasons)])
                #expect(db.publish("a/b") == [])
                #expect(db.publish("b") == [])
                #expect(scene.engine.broker.status.subscriptions == 0)
            }
        }
    }

    /// What was on its way before UNSUBSCRIBE is still delivered. [MQTT-3.10.4-3]
    @Test func deliveriesUnderWayOutliveTheSubscription() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect(window: 1)
            db.subscribe("t", qos: 1)
            plc.publish("t", "a", qos: 1, id: 1)
            plc.publish("t", "b", qos: 1, id: 2)
            #expect(db.received() == [.publish("t", "a", qos: 1, id: 1)])
            #expect(db.unsubscribe("t") == [.unsuback([.success])])
            #expect(db.puback(1) == [.publish("t", "b", qos: 1, id: 2)])
        }
    }

    @Test func aWrongFilterDoesNotSpoilTheOthers() {
        for version in versions {
            scene { scene in
                let db = scene.client("db", version)
                db.connect()
                let wrong: ReasonCode = version == .v5 ? .topicFilterInvalid : .unspecifiedError
                #expect(
                    db.subscribe("a", "b/#/c", "d+", "e")
                        == [.suback([.grantedQoS2, wrong, wrong, .grantedQoS2])])
                #expect(scene.engine.broker.status.subscriptions == 2)
            }
        }
    }

    /// A client that changes its identifiers for ever does not fill the memory, and what waits with
    /// them keeps its own.
    @Test func combinationsOfIdentifiersDoNotGather() {
        scene { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            let absent = scene.client("absent")
            plc.connect()
            db.connect()
            absent.resume()
            absent.subscribe("t", identifier: 70_000)
            absent.subscribe("+", identifier: 70_001)
            absent.lose()
            plc.publish("t", "kept", qos: 1, id: 1)
            db.subscribe("+", qos: 0, identifier: 9)
            for identifier in 1...4300 as ClosedRange<UInt32> {
                db.subscribe("t", qos: 0, identifier: 1000 + identifier)
                plc.publish("t", "")
            }
            #expect(scene.engine.broker.state.identifierLists.count < 1000)
            #expect(
                db.received().last == .publish("t", identifiers: [9, 5300]))
            #expect(
                absent.resume().last
                    == .publish("t", "kept", qos: 1, id: 1, identifiers: [70_000, 70_001]))
        }
    }

    /// A topic may be as deep as it is long: that must not end the process.
    @Test func topicsOfAnyDepthAreWalked() {
        var limits = Limits()
        limits.topicLevelsMax = .max
        scene(limits) { scene in
            let plc = scene.client("plc")
            let db = scene.client("db")
            plc.connect()
            db.connect()
            let deep = String(repeating: "/", count: 65_535)
            #expect(db.subscribe(deep, "#") == [.suback([.grantedQoS2, .grantedQoS2])])
            #expect(plc.publish(deep, "x", retain: true) == [])
            #expect(db.received() == [.publish(deep, "x")])
            let late = scene.client("late")
            late.connect()
            for filter in ["#", String(repeating: "+/", count: 32_767) + "#"] {
                #expect(late.subscribe(filter) == [.suback([.grantedQoS2])])
                scene.pass(.zero)
                #expect(late.received() == [.publish(deep, "x", retain: true)])
            }
        }
    }
}
