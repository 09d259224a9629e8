// SPDX-License-Identifier: Apache-2.0
// 3.3.2.3.4, topic aliases in both directions.
import BrokerCore
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct Aliases {}
}

private func publish(_ topic: String, alias: Int, _ payload: String = "x") -> [UInt8] {
    Raw.publish(.v5, topic, properties: [0x23] + Raw.twoBytes(alias), payload)
}

extension Conformance.Aliases {
    @Test func `[5.0 MQTT-3.3.2-12] aliases from 1 to the maximum are taken`() throws {
        for most in [1, 10, 65_535] as [UInt16] {
            var limits = Limits()
            limits.topicAliasMax = most
            try conversation(limits) { scene in
                let (plc, db) = scene.pair(.v5, qos: 0, "#")
                for alias in Set([1, Int(most)]).sorted() {
                    plc.send(publish("t/\(alias)", alias: alias, "named"))
                    plc.send(publish("", alias: alias, "short"))
                    #expect(
                        db.received() == [
                            .publish("t/\(alias)", "named"), .publish("t/\(alias)", "short"),
                        ])
                }
                // A name gives it another meaning.
                plc.send(publish("other", alias: 1, "named"))
                plc.send(publish("", alias: 1, "short"))
                #expect(
                    db.received() == [.publish("other", "named"), .publish("other", "short")])
            }
        }
    }

    @Test func `[5.0 MQTT-3.3.2-7] an alias ends with its connection`() throws {
        try conversation { scene in
            let plc = scene.client("plc", .v5)
            plc.resume()
            plc.send(publish("t", alias: 1))
            plc.lose()
            plc.resume()
            #expect(plc.send(publish("", alias: 1)) == farewell(.protocolError, .v5))
        }
        // And it is nobody else's.
        try conversation { scene in
            let plc = scene.client("plc", .v5)
            let other = scene.client("other", .v5)
            plc.connect()
            other.connect()
            plc.send(publish("t", alias: 1))
            #expect(other.send(publish("", alias: 1)) == farewell(.protocolError, .v5))
        }
    }

    @Test func `[5.0 topic-empty] no topic and no meaning of an alias is a protocol error`() throws
    {
        try expectRefusals(
            [
                (Raw.publish(.v5, ""), .protocolError), (publish("", alias: 1), .protocolError),
                (publish("t", alias: 1) + publish("", alias: 2), .protocolError),
            ], [.v5])
    }

    @Test func `[5.0 MQTT-3.1.2-27] who allows no aliases gets none`() throws {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5, qos: 0)
            for _ in 0..<3 {
                plc.send(publish("t", alias: 3))
                #expect(db.received() == [.publish("t", "x")])
                #expect(db.lastWire == Raw.publish(.v5, "t", "x"))
            }
        }
    }
}
