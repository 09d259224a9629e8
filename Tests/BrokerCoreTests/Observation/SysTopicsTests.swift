// SPDX-License-Identifier: Apache-2.0
// `$SYS/broker/…` as subscribers see it, and that nothing of it is ever kept.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct SysTopicsTests {
    /// A scene whose values have been made once.
    private func watched(
        every interval: Duration = .seconds(10), _ change: (inout Limits) -> Void = { _ in },
        _ body: (Scene) throws -> Void
    ) rethrows {
        var limits = Limits()
        limits.sysInterval = interval
        change(&limits)
        try scene(limits) { scene in
            scene.engine.recovered(at: scene.now)
            scene.settle()
            scene.pass(.zero)
            try body(scene)
            // The scene ends after a year, which would be three million intervals.
            limits.sysInterval = .zero
            scene.engine.use(limits, at: scene.now)
            scene.settle()
        }
    }

    /// What the packets say of each topic, without the prefix.
    private func values(_ packets: [Packet]) -> [String: String] {
        var values: [String: String] = [:]
        for case .message(let arrival) in packets {
            values[String(arrival.topic.dropFirst("$SYS/broker/".count))] = arrival.payload
        }
        return values
    }

    @Test func aNewSubscriptionGetsEveryValueAsARetainedMessage() {
        for version in versions {
            watched { scene in
                let watcher = scene.client("watcher", version)
                watcher.connect()
                let packets = watcher.subscribe("$SYS/#")
                #expect(packets.first == .suback([.grantedQoS2]))
                for case .message(let arrival) in packets {
                    #expect(arrival.retain && arrival.qos == 0 && arrival.topic.hasPrefix("$SYS/"))
                }
                let values = values(packets)
                #expect(values.count == packets.count - 1)
                #expect(values["version"]?.hasPrefix("qos2 version ") == true)
                #expect(values["uptime"] == "0 seconds")
                for name in ["clients/total", "retained messages/count", "load/sockets/5min"] {
                    #expect(values[name] != nil, "\(name)")
                }
            }
        }
    }

    @Test func wildcardsInFrontDoNotReachIt() {  // [MQTT-4.7.2-1]
        watched { scene in
            let watcher = scene.client("watcher")
            watcher.connect()
            #expect(watcher.subscribe("#", "+/broker/uptime", "+/#").count == 1)
            scene.pass(.seconds(10))
            #expect(watcher.received().isEmpty)
            let direct = values(watcher.subscribe("$SYS/broker/+"))
            #expect(direct.keys.sorted() == ["uptime", "version"])
            #expect(values(watcher.subscribe("$SYS/broker/clients/total")).count == 1)
        }
    }

    @Test func anIntervalBringsWhatHasChangedAndNothingElse() {
        watched { scene in
            let watcher = scene.client("watcher")
            watcher.connect()
            watcher.subscribe("$SYS/broker/clients/#", "$SYS/broker/uptime")
            scene.pass(.seconds(10))
            let first = values(watcher.received())
            #expect(first["uptime"] == "10 seconds" && first["clients/connected"] == "1")
            scene.pass(.seconds(10))
            #expect(values(watcher.received()) == ["uptime": "20 seconds"])
            let other = scene.client("other")
            other.resume()
            scene.pass(.seconds(10))
            #expect(
                values(watcher.received()) == [
                    "uptime": "30 seconds", "clients/total": "2", "clients/connected": "2",
                    "clients/active": "2", "clients/maximum": "2",
                ])
            other.lose()
            scene.pass(.seconds(10))
            let last = values(watcher.received())
            #expect(last["clients/disconnected"] == "1" && last["clients/inactive"] == "1")
            #expect(last["clients/connected"] == "1" && last["clients/total"] == nil)
        }
    }

    @Test func theLongestTurnIsTold() {
        watched { scene in
            let watcher = scene.client("watcher")
            watcher.connect()
            watcher.subscribe("$SYS/broker/event_loop/#")
            scene.engine.worstTurn = .microseconds(2345)
            scene.pass(.seconds(10))
            #expect(values(watcher.received()) == ["event_loop/lag/maximum": "2345"])
        }
    }

    @Test func changesAreNotRetainedUnlessTheSubscriptionAsks() {
        watched { scene in
            for asks in [false, true] {
                let watcher = scene.client("watcher \(asks)")
                watcher.connect()
                watcher.subscribe(
                    "$SYS/broker/uptime", identifier: 7, retainAsPublished: asks,
                    retained: .doNotSend)
                scene.pass(.seconds(10))
                let packets = watcher.received()
                #expect(packets.count == 1)
                guard case .message(let arrival) = packets.first else { return }
                #expect(arrival.retain == asks && arrival.identifiers == [7])
            }
        }
    }

    @Test func sharesGetItOnce() {
        watched { scene in
            let watchers = ["a", "b"].map { scene.client($0) }
            for watcher in watchers {
                watcher.connect()
                watcher.subscribe("$share/s/$SYS/broker/uptime")
            }
            scene.pass(.seconds(10))
            #expect(watchers.map { $0.received().count }.reduce(0, +) == 1)
        }
    }

    /// Also where the operator wants QoS 0 to wait, and deliveries to have the granted QoS.
    @Test func nothingOfItIsKeptForAnybody() {
        let change = { (limits: inout Limits) in
            limits.queuesQoS0 = true
            limits.upgradesOutgoingQoS = true
        }
        watched(change) { scene in
            let watcher = scene.client("watcher")
            watcher.resume()
            watcher.subscribe("$SYS/#")
            scene.commitAll()
            let batches = scene.home.batches.count
            scene.pass(.seconds(10))
            for case .message(let arrival) in watcher.received() { #expect(arrival.qos == 0) }
            watcher.lose()
            scene.commitAll()
            let afterLoss = scene.home.batches.count
            scene.pass(.seconds(60))
            #expect(scene.home.batches.count == afterLoss && afterLoss == batches + 1)
            let status = scene.engine.broker.status
            #expect(status.queued == 0 && status.retained == 0 && status.messages == 0)
            #expect(watcher.resume() == [.connack(present: true)])
        }
    }

    @Test func aCrashTakesNothingOfItAlong() throws {
        try watched { scene in
            let watcher = scene.client("watcher")
            watcher.resume()
            watcher.subscribe("$SYS/broker/uptime")
            scene.pass(.seconds(30))
            try scene.crash()
            #expect(scene.engine.broker.status.messages == 0)
            scene.pass(.zero)
            watcher.resume()
            #expect(values(watcher.received()) == [:])
            scene.pass(.seconds(10))
            #expect(values(watcher.received()) == ["uptime": "10 seconds"])
        }
    }

    @Test func noIntervalNoTopics() {
        watched(every: .zero) { scene in
            let watcher = scene.client("watcher")
            watcher.connect()
            #expect(watcher.subscribe("$SYS/#") == [.suback([.grantedQoS2])])
            var limits = scene.engine.broker.limits
            limits.sysInterval = .seconds(1)
            scene.engine.use(limits, at: scene.now)
            scene.settle()
            scene.pass(.seconds(1))
            #expect(values(watcher.received())["uptime"] == "1 seconds")
            limits.sysInterval = .zero
            scene.engine.use(limits, at: scene.now)
            scene.settle()
            scene.pass(.seconds(5))
            #expect(watcher.received().isEmpty)
            #expect(watcher.subscribe("$SYS/#") == [.suback([.grantedQoS2])])
        }
    }
}

extension SysTopicsTests {
    /// A mosquitto that is bridged to us tells its state there.
    @Test func clientsMayNotPublishToIt() {
        watched { scene in
            let modern = scene.client("modern")
            modern.connect()
            #expect(modern.publish("$SYS/x", "a", qos: 1, id: 1) == [.puback(1, .notAuthorized)])
            #expect(modern.publish("$SYS", "a", qos: 2, id: 1) == [.pubrec(1, .notAuthorized)])
            #expect(modern.publish("$SYSTEM", "a", qos: 2, id: 1) == [.pubrec(1)])
            let bridge = "$SYS/broker/connection/other/state"
            #expect(modern.publish(bridge, "1", qos: 1, id: 2, retain: true) == [.puback(2)])
            #expect(scene.engine.broker.metrics.refusedPublishes[.notAuthorized] == 2)
            #expect(modern.publish("$SYS/x", "a") == [.disconnect(.notAuthorized), .closed])
            let old = scene.client("old", .v311)
            old.connect()
            #expect(old.publish("$SYS/x", "a", qos: 2, id: 1) == [.closed])
            let watcher = scene.client("watcher")
            watcher.connect()
            #expect(
                watcher.subscribe("$SYS/broker/connection/#") == [
                    .suback([.grantedQoS2]), .publish(bridge, "1", qos: 1, id: 1, retain: true),
                ])
        }
    }

    @Test func aWillMayNotEither() {
        watched { scene in
            let client = scene.client("client")
            let will = WillEncoder(topic: "$SYS/broker/uptime", payload: [], qos: .atMostOnce)
            #expect(client.connect(will: will) == [.connack(.notAuthorized), .closed])
        }
    }

    @Test func loadsAreMovingAverages() {
        var topics = SysTopics()
        var figures = SysFigures()
        var now = Instant(nanoseconds: 0)
        func load(_ name: String) -> String? {
            topics.topics.first { $0.name == Array("$SYS/broker/load/\(name)".utf8) }
                .map { String(decoding: $0.text, as: UTF8.self) }
        }
        _ = topics.update(figures, at: now)
        #expect(load("messages/received/1min") == "0.00")
        // Ten packets each second for ten seconds: 600 a minute, weighed by e to the power of -1/6.
        figures.metrics.receivedPackets[.publish] = 100
        now += .seconds(10)
        #expect(!topics.update(figures, at: now).isEmpty)
        #expect(load("messages/received/1min") == "92.11")
        #expect(load("messages/received/5min") == "19.67")
        #expect(load("messages/received/15min") == "6.63")
        #expect(load("publish/received/1min") == "92.11")
        #expect(load("messages/sent/1min") == "0.00")
        now += .seconds(60)
        _ = topics.update(figures, at: now)
        #expect(load("messages/received/1min") == "33.89")
        now += .seconds(100_000)
        _ = topics.update(figures, at: now)
        #expect(load("messages/received/15min") == "0.00")
    }

    @Test func numbersAsText() {
        let texts = [0, 0.004, 0.005, 1, 12.5, 99.999, 1234.061].map(SysTopics.text)
        #expect(texts == ["0.00", "0.00", "0.01", "1.00", "12.50", "100.00", "1234.06"])
        for (x, expected) in [(0.0, 1.0), (1.0 / 6, 0.84648172489), (1.0, 0.36787944117)] {
            #expect(abs(SysTopics.decay(x) - expected) < 1e-9)
        }
        #expect(SysTopics.decay(1e6) == 0)
    }

    @Test func everyRefusalAndDropHasACounter() {
        watched { scene in
            let client = scene.client("client")
            client.connect()
            client.publish("$SYS/x", "a", qos: 1, id: 1)
            client.send([0xF0, 0])
            let early = scene.client("early")
            early.open()
            early.ping()
            let metrics = scene.engine.broker.metrics
            #expect(metrics.refusedPublishes.given.map(\.reason) == [.notAuthorized])
            #expect(metrics.violations.given.map(\.reason) == [.protocolError])
            #expect(metrics.refusedConnections.given.map(\.reason) == [.protocolError])
            #expect(metrics.dropped.count == DropReason.allCases.count + 1)
        }
    }

    @Test func bytesAndPacketsAreCounted() {
        watched { scene in
            let client = scene.client("client")
            client.connect()
            client.subscribe("t")
            client.publish("t", "12345", qos: 1, id: 1)
            client.puback(1)
            client.ping()
            let metrics = scene.engine.broker.metrics
            #expect(metrics.receivedPackets[.publish] == 1 && metrics.sentPackets[.publish] == 1)
            #expect(metrics.receivedPackets[.puback] == 1 && metrics.sentPackets[.puback] == 1)
            #expect(metrics.sentPackets[.connack] == 1 && metrics.sentPackets[.suback] == 1)
            #expect(metrics.sentPackets[.pingresp] == 1)
            #expect(metrics.packetsReceived == 5 && metrics.packetsSent == 5)
            #expect(metrics.payloadBytesReceived == 5 && metrics.payloadBytesSent == 5)
            #expect(metrics.receivedMessages[.atLeastOnce] == 1)
            #expect(metrics.deliveredMessages[.atLeastOnce] == 1)
            #expect(metrics.bytesReceived > 40 && metrics.bytesSent > 20)
        }
    }
}
