// SPDX-License-Identifier: Apache-2.0
// What the chapters say again and again.
import MQTT
import Testing

@testable import Scenes

extension Scene {
    /// A publisher and a subscriber of one topic, both with sessions that are kept.
    func pair(
        _ version: ProtocolVersion, qos: Int = 2, _ filter: String = "t", window: UInt16? = nil
    ) -> (plc: Client, db: Client) {
        let (plc, db) = (client("plc", version), client("db", version))
        #expect(plc.resume() == [.connack()])
        #expect(db.resume(window: window) == [.connack()])
        #expect(db.subscribe(filter, qos: qos) == [.suback([ReasonCode(UInt8(qos))])])
        return (plc, db)
    }
}

extension Packet {
    /// The identifier of a PUBLISH.
    var id: PacketID? {
        if case .message(let arrival) = self { arrival.id } else { nil }
    }
}

/// Packets that a connected client may not send, each from a client of its own.
func expectRefusals(
    _ cases: [(wire: [UInt8], reason: ReasonCode)], _ spoken: [ProtocolVersion] = versions,
    _ location: SourceLocation = #_sourceLocation
) throws {
    for version in spoken {
        try conversation { scene in
            for (number, (wire, reason)) in cases.enumerated() {
                let client = scene.client("c\(number)", version)
                client.connect()
                #expect(
                    client.send(wire) == farewell(reason, version),
                    "\(version.number): \(wire.prefix(80))", sourceLocation: location)
            }
        }
    }
}

/// CONNECTs that do not fit the standard: MQTT 3.1.1 closes without a word, MQTT 5.0 with CONNACK.
/// [MQTT-3.1.4-1]
func expectUnwelcome(
    _ cases: [(wire: [UInt8], reason: ReasonCode)], _ version: ProtocolVersion,
    _ location: SourceLocation = #_sourceLocation
) throws {
    try conversation { scene in
        for (wire, reason) in cases {
            let client = scene.client("c", version)
            client.open()
            #expect(
                client.send(wire)
                    == (version == .v5 ? [.connack(reason), .closed] : [.closed]),
                "\(version.number): \(wire.prefix(80))", sourceLocation: location)
        }
    }
}
