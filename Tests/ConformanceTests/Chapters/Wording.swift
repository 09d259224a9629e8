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

/// Bytes that a client of either or both versions may not send, and what each hears then.
func expectRefusal(
    of wire: [UInt8], _ reason: ReasonCode, _ spoken: [ProtocolVersion] = versions,
    _ location: SourceLocation = #_sourceLocation
) throws {
    for version in spoken {
        try conversation { scene in
            let plc = scene.client("plc", version)
            plc.connect()
            #expect(
                plc.send(wire) == farewell(reason, version), "\(version.number): \(wire)",
                sourceLocation: location)
        }
    }
}
