// SPDX-License-Identifier: Apache-2.0
// 3.4 to 3.7, PUBACK, PUBREC, PUBREL and PUBCOMP: their form and their codes.
import BrokerCore
import MQTT
import Testing

@testable import Scenes

extension Conformance {
    @Suite struct Acknowledgements {}
}

/// The codes that PUBACK and PUBREC may have.
private let receiptCodes: Set<UInt8> = [
    0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99,
]
private let allCodes = (0...255).map { UInt8($0) }

extension Conformance.Acknowledgements {
    @Test func `[MQTT-3.6.1-1] PUBREL has the flags 0010`() throws {
        try expectRefusals(
            ([0, 1, 3, 6, 10, 15] as [UInt8]).map {
                (Raw.packet(0x60 | $0, [0, 1]), .malformedPacket)
            })
    }

    @Test func `[5.0 MQTT-3.4.2-1] PUBACK with another code is refused`() throws {
        // 0x10 is the server's word.
        try expectRefusals(
            allCodes.filter { !receiptCodes.contains($0) || $0 == 0x10 }
                .map { (Raw.packet(0x40, [0, 1, $0]), .protocolError) }, [.v5])
    }

    @Test func `[5.0 MQTT-3.5.2-1] PUBREC with another code is refused`() throws {
        try expectRefusals(
            allCodes.filter { !receiptCodes.contains($0) || $0 == 0x10 }
                .map { (Raw.packet(0x50, [0, 1, $0]), .protocolError) }, [.v5])
    }

    @Test func `[5.0 MQTT-3.6.2-1, 3.7.2-1] PUBREL and PUBCOMP with another code are refused`()
        throws
    {
        for first in [0x62, 0x70] as [UInt8] {
            try expectRefusals(
                allCodes.filter { $0 != 0 && $0 != 0x92 }
                    .map { (Raw.packet(first, [0, 1, $0]), .protocolError) }, [.v5])
        }
    }

    @Test func `[5.0 MQTT-4.4.0-2] every code of failure ends an exchange`() throws {
        for qos in 1...2 {
            for code in receiptCodes.sorted() where code >= 0x80 {
                try conversation { scene in
                    let (plc, db) = scene.pair(.v5, qos: qos)
                    plc.publishWhole("t", "x", id: 1)
                    #expect(db.received() == [.publish("t", "x", qos: qos, id: 1)])
                    let reason = ReasonCode(code)
                    #expect((qos == 1 ? db.puback(1, reason) : db.pubrec(1, reason)) == [])
                    db.lose()
                    #expect(db.resume() == [.connack(present: true)])
                    plc.publishWhole("t", "y", id: 1)
                    #expect(db.received() == [.publish("t", "y", qos: qos, id: 2)])
                }
            }
        }
    }

    @Test
    func
        `[5.0 MQTT-3.4.2-1, 3.4.2-2, 3.4.2-3, 3.5.2-1, 3.5.2-2, 3.5.2-3] listed codes that fit`()
        throws
    {
        var limits = Limits()
        limits.waitingMax = 1
        try conversation(limits) { scene in
            let (plc, db) = scene.pair(.v5)
            db.lose()
            plc.send(Raw.publish(.v5, flags: 0x02, "t", id: 1))
            #expect(plc.lastWire == [0x40, 2, 0, 1])
            plc.send(Raw.publish(.v5, flags: 0x04, "u", id: 2))
            #expect(plc.lastWire == [0x50, 2, 0, 2])
            // The queue is full.
            let reason: [UInt8] = [0x97, 17, 0x1F, 0, 14] + Array("Quota exceeded".utf8)
            plc.send(Raw.publish(.v5, flags: 0x02, "t", id: 3))
            #expect(plc.lastWire == [0x40, 21, 0, 3] + reason)
            plc.send(Raw.publish(.v5, flags: 0x04, "t", id: 4))
            #expect(plc.lastWire == [0x50, 21, 0, 4] + reason)
            // Words that would make the answer too large are left out.
            plc.disconnect()
            plc.connect(packetSizeMax: 22)
            plc.send(Raw.publish(.v5, flags: 0x02, "t", id: 5))
            #expect(plc.lastWire == [0x40, 3, 0, 5, 0x97])
            plc.send(Raw.publish(.v5, flags: 0x04, "t", id: 6))
            #expect(plc.lastWire == [0x50, 3, 0, 6, 0x97])
        }
    }

    @Test
    func `[5.0 MQTT-3.6.2-1, 3.6.2-2, 3.6.2-3, 3.7.2-1, 3.7.2-2, 3.7.2-3] and of the second half`()
        throws
    {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5)
            plc.publish("t", "x", qos: 2, id: 1)
            plc.send([0x62, 2, 0, 1])
            #expect(plc.lastWire == [0x70, 2, 0, 1])
            plc.send([0x62, 2, 0, 1])
            #expect(plc.lastWire == [0x70, 3, 0, 1, 0x92])
            #expect(db.received().count == 1)
            db.send([0x50, 2, 0, 1])
            #expect(db.lastWire == [0x62, 2, 0, 1])
            db.send([0x50, 2, 0, 2])
            #expect(db.lastWire == [0x62, 3, 0, 2, 0x92])
        }
    }

    @Test func `[5.0 MQTT-4.3.3-4, 4.3.3-11] with a code, with properties, or without both`() throws
    {
        try conversation { scene in
            let (plc, db) = scene.pair(.v5)
            let forms: [[UInt8]] = [[], [0], [0, 0]]
            for rest in forms + [[0] + Raw.properties(Raw.userProperty("n", "v"))] {
                #expect(plc.publish("t", "x", qos: 2, id: 1) == [.pubrec(1)])
                #expect(plc.send(Raw.packet(0x62, [0, 1] + rest)) == [.pubcomp(1)])
                let id = try #require(db.received().first?.id)
                let bytes = Raw.twoBytes(Int(id.rawValue)) + rest
                #expect(db.send(Raw.packet(0x50, bytes)) == [.pubrel(id)])
                #expect(db.send(Raw.packet(0x70, bytes)) == [])
            }
        }
    }

    /// MQTT 3.1.1 knows neither codes nor properties.
    @Test func `[3.1.1 MQTT-4.8.0-1] an acknowledgement of 3.1.1 is four bytes long`() throws {
        try expectRefusals(
            ([0x40, 0x50, 0x62, 0x70] as [UInt8]).flatMap { first in
                [[], [0], [0, 1, 0], [0, 1, 0, 0]].map { Raw.packet(first, $0) }
            }.map { ($0, .malformedPacket) }, [.v311])
    }
}
