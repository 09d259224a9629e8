// SPDX-License-Identifier: Apache-2.0
// 3.1.2.5 and 3.1.3.2, wills: when they go out, when they do not, and as what.
import BrokerCore
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct Wills {}
}

private func will(
    _ payload: String = "x", qos: Int = 0, retain: Bool = false, delay: UInt32? = nil
) -> WillEncoder {
    WillEncoder(topic: "w", payload: [UInt8](payload), qos: QoS(qos), retain: retain, delay: delay)
}

extension Scene {
    /// A subscriber of the will's topic.
    fileprivate func watcher(_ version: ProtocolVersion) -> Client {
        let watcher = client("watcher", version)
        watcher.connect()
        watcher.subscribe("w", qos: 2)
        return watcher
    }
}

extension Conformance.Wills {
    @Test
    func `[3.1.1 MQTT-3.1.2-8] [5.0 MQTT-3.1.2-7, 3.1.2-8] a will goes out when a connection ends`()
        throws
    {
        for qos in 0...2 {
            try conversations { scene, version in
                let watcher = scene.watcher(version)
                let plc = scene.client("plc", version)
                plc.connect(will: will(qos: qos))
                #expect(watcher.received() == [])
                plc.lose()
                #expect(
                    watcher.received()
                        == [.publish("w", "x", qos: qos, id: qos == 0 ? nil : 1)])
            }
        }
    }

    @Test
    func
        `[3.1.1 MQTT-3.1.2-8, 4.8.0-1] [5.0 MQTT-3.1.2-8] it goes out at a breach too`()
        throws
    {
        try conversations { scene, version in
            let watcher = scene.watcher(version)
            let plc = scene.client("plc", version)
            plc.connect(will: will())
            #expect(plc.send([0x00, 0]) == farewell(.malformedPacket, version))
            #expect(watcher.received() == [.publish("w", "x")])
        }
    }

    @Test func `[MQTT-3.1.2-10, 3.14.4-3] DISCONNECT takes the will along`() throws {
        try conversations { scene, version in
            let watcher = scene.watcher(version)
            let plc = scene.client("plc", version)
            plc.connect(will: will(retain: true))
            #expect(plc.disconnect() == [.closed])
            #expect(watcher.received() == [])
            plc.resume(will: will(retain: true))
            plc.disconnect()
            plc.resume()
            plc.lose()
            #expect(watcher.received() == [])
        }
    }

    @Test func `[MQTT-3.1.2-10] a will goes out once`() throws {
        try conversations { scene, version in
            let watcher = scene.watcher(version)
            let plc = scene.client("plc", version)
            plc.resume(will: will())
            plc.lose()
            #expect(watcher.received() == [.publish("w", "x")])
            plc.resume()
            plc.lose()
            #expect(watcher.received() == [])
        }
    }

    @Test func `[3.1.1 MQTT-3.1.2-12] [5.0 MQTT-3.1.2-8] without a will nothing goes out`() throws {
        try conversations { scene, version in
            let watcher = scene.client("watcher", version)
            watcher.connect()
            watcher.subscribe("#")
            let plc = scene.client("plc", version)
            plc.connect()
            plc.lose()
            #expect(watcher.received() == [])
        }
    }

    @Test
    func
        `[3.1.1 MQTT-3.1.2-16, 3.1.2-17] [5.0 MQTT-3.1.2-14, 3.1.2-15] retained as it says`()
        throws
    {
        for retain in [false, true] {
            try conversations { scene, version in
                let plc = scene.client("plc", version)
                plc.connect(will: will(qos: 1, retain: retain))
                plc.lose()
                let late = scene.watcher(version)
                let found = late.subscribe("w", qos: 0)
                let kept: [Packet] = retain ? [.publish("w", "x", retain: true)] : []
                #expect(found == [.suback([.grantedQoS0])] + kept)
            }
        }
    }
}

extension Conformance.Wills {
    @Test func `[5.0 MQTT-3.1.2-8] a will waits for its delay`() throws {
        try conversation { scene in
            let watcher = scene.watcher(.v5)
            let plc = scene.client("plc", .v5)
            plc.resume(expiry: 3600, will: will(delay: 10))
            plc.lose()
            scene.pass(.milliseconds(9_999))
            #expect(watcher.received() == [])
            scene.pass(.milliseconds(2))
            #expect(watcher.received() == [.publish("w", "x")])
        }
    }

    @Test func `[5.0 MQTT-3.1.3-9, 3.1.2-8] who is back before the delay has passed sends no will`()
        throws
    {
        try conversation { scene in
            let watcher = scene.watcher(.v5)
            let plc = scene.client("plc", .v5)
            plc.resume(expiry: 3600, will: will(delay: 10))
            plc.lose()
            scene.pass(.seconds(9))
            #expect(plc.resume() == [.connack(present: true)])
            scene.pass(.seconds(60))
            #expect(watcher.received() == [])
        }
    }

    @Test func `[5.0 MQTT-3.1.2-8, will-beyond-session] a will goes out with its session`() throws {
        try conversation { scene in
            let watcher = scene.watcher(.v5)
            let plc = scene.client("plc", .v5)
            plc.resume(expiry: 5, will: will("expired", delay: 100))
            plc.lose()
            scene.pass(.milliseconds(4_999))
            #expect(watcher.received() == [])
            scene.pass(.milliseconds(2))
            #expect(watcher.received() == [.publish("w", "expired")])
            // A clean start ends the old session as well.
            plc.resume(expiry: 3600, will: will("replaced", delay: 100))
            plc.lose()
            plc.connect(clean: true)
            #expect(watcher.received() == [.publish("w", "replaced")])
        }
    }

    @Test func `[5.0 MQTT-3.1.3-10] the will's user properties keep their order`() throws {
        try conversation { scene in
            let watcher = scene.watcher(.v5)
            let plc = scene.client("plc", .v5)
            let properties = [
                UserProperty("b", "1"), UserProperty("a", "2"), UserProperty("b", "0"),
                UserProperty("", ""), UserProperty("a", "2"),
            ]
            var message = will()
            message.properties = MessageProperties(userProperties: properties)
            plc.connect(will: message)
            plc.lose()
            #expect(watcher.received() == [.publish("w", "x", userProperties: properties)])
        }
    }

    @Test
    func `[5.0 will-message] a will has its properties, and its expiry runs from its publication`()
        throws
    {
        let block =
            Raw.userProperty("a", "1") + [0x01, 1] + [0x03] + Raw.text("text/plain") + [0x08]
            + Raw.text("answer") + [0x09] + Raw.text([0, 255])
        try conversation { scene in
            let watcher = scene.client("watcher", .v5)
            watcher.connect()
            watcher.subscribe("w", qos: 0)
            let plc = scene.client("plc", .v5)
            plc.open()
            plc.send(
                Raw.connect(
                    .v5, flags: 0x06,
                    Raw.text("plc") + Raw.properties([0x18, 0, 0, 0, 0] + block) + Raw.text("w")
                        + Raw.text("x")))
            plc.lose()
            #expect(watcher.received().count == 1)
            #expect(watcher.lastWire == Raw.publish(.v5, "w", properties: block, "x"))
        }
        try conversation { scene in
            let watcher = scene.watcher(.v5)
            let plc = scene.client("plc", .v5)
            var late = will(qos: 1, delay: 50)
            late.messageExpiry = 30
            plc.resume(will: late)
            scene.pass(.seconds(100))
            plc.lose()
            watcher.lose()
            watcher.resume()
            watcher.subscribe("w")
            scene.pass(.seconds(49))
            watcher.lose()
            scene.pass(.seconds(11))
            #expect(
                watcher.resume() == [
                    .connack(present: true), .publish("w", "x", qos: 1, id: 1, expiry: 20),
                ])
        }
    }

    @Test func `[5.0 disconnect-keeps-will] any DISCONNECT but 0x00 leaves the will in place`()
        throws
    {
        let reasons: [ReasonCode] = [
            .disconnectWithWillMessage, .unspecifiedError, .protocolError, .topicNameInvalid,
        ]
        try conversation { scene in
            let watcher = scene.watcher(.v5)
            for reason in reasons {
                let plc = scene.client("plc", .v5)
                plc.connect(will: will())
                #expect(plc.disconnect(reason) == [.closed])
                #expect(watcher.received() == [.publish("w", "x")])
            }
        }
        try conversation { scene in
            let watcher = scene.watcher(.v5)
            let plc = scene.client("plc", .v5)
            plc.resume(expiry: 60, will: will(delay: 10))
            plc.disconnect(.disconnectWithWillMessage)
            #expect(watcher.received() == [])
            scene.pass(.seconds(10))
            #expect(watcher.received() == [.publish("w", "x")])
        }
    }

    @Test(arguments: [
        // delay, expiry of the old session, clean start of the new: does the will go out?
        (0, 3600, false, true), (0, 3600, true, true), (0, 0, false, true),
        (10, 3600, false, false), (10, 3600, true, true), (10, 0, false, true),
        (10, 0, true, true),
    ])
    func `[5.0 take-over-will] what becomes of the will when a session is taken over`(
        _ delay: UInt32, _ expiry: UInt32, _ clean: Bool, _ goesOut: Bool
    ) throws {
        try conversation { scene in
            let watcher = scene.watcher(.v5)
            let old = scene.client("plc", .v5)
            old.connect(clean: true, expiry: expiry, will: will(delay: delay))
            let new = scene.client("plc", .v5)
            new.connect(clean: clean, expiry: 3600)
            #expect(old.received() == farewell(.sessionTakenOver, .v5))
            #expect(watcher.received() == (goesOut ? [.publish("w", "x")] : []))
            scene.pass(.seconds(60))
            #expect(watcher.received() == [])
        }
    }

    @Test func `[3.1.1 MQTT-3.14.1-1] [5.0 MQTT-3.14.1-1] a DISCONNECT with flags is none`() throws
    {
        try conversations { scene, version in
            let watcher = scene.watcher(version)
            for flags in [1, 2, 4, 8, 15] as [UInt8] {
                let plc = scene.client("plc", version)
                plc.connect(will: will())
                #expect(plc.send([0xE0 | flags, 0]) == farewell(.malformedPacket, version))
                #expect(watcher.received() == [.publish("w", "x")])
            }
        }
    }
}
