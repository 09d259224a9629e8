// SPDX-License-Identifier: Apache-2.0
// Packets of one kind in a row are taken together; each of them is an event all the same. That a run
// may be cut anywhere is MalformedTests', that a PUBLISH in its middle may have to wait OverflowTests'.
import Journal
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct RunTests {
    private static let version = ProtocolVersion.v311

    /// The answers to a run are bounded as all answers are.
    @Test(arguments: [
        (AcknowledgementEncoder(version, .pubrel, 7).encoded(), Packet.pubcomp(7)),
        (AcknowledgementEncoder(version, .pubrec, 7).encoded(), Packet.pubrel(7)),
        (
            Wire.publish(version, PublishHead(qos: .atLeastOnce, id: 7), "t", [0x78]),
            Packet.puback(7)
        ),
    ])
    func aRunOfOneThatNeverReadsFillsNoMemory(_ packet: [UInt8], _ answer: Packet) {
        var limits = Limits()
        limits.outputBytesMax = 1000
        scene(limits) { scene in
            let plc = scene.client("plc", Self.version)
            plc.connect()
            plc.setRoom(0)
            plc.send((0..<2000).flatMap { _ in packet })
            #expect(
                scene.engine.performer.outlets[plc.connection!.index].output.pendingBytes <= 2004)
            plc.setRoom(nil)
            #expect(plc.received() == Array(repeating: answer, count: 2000))
            #expect(plc.ping() == [.pingresp])
        }
    }

    /// Few packets are much work where many subscribe: others have their turn in between.
    @Test(arguments: 0...2)
    func aRunThatManySubscribeToIsTakenInParts(_ qos: Int) {
        var limits = Limits()
        limits.sentAtOnce = 6
        scene(limits) { scene in
            let plc = scene.client("plc", Self.version)
            plc.connect()
            let receivers = (0..<3).map { scene.client("db\($0)") }
            for receiver in receivers {
                receiver.connect()
                receiver.subscribe("t", qos: qos)
            }
            #expect(scene.yields == 0)
            let ids = (1...10).map { PacketID($0) }
            let publishes = ids.flatMap { id in
                let head = PublishHead(qos: QoS(qos), id: qos == 0 ? nil : id)
                return Wire.publish(Self.version, head, "t", Array("\(id)".utf8))
            }
            let releases = ids.flatMap { packet(.pubrel, $0) }
            plc.send(publishes + (qos == 2 ? releases : []))
            let wanted = ids.map { Packet.publish("t", "\($0)", qos: qos, id: qos == 0 ? nil : $0) }
            for receiver in receivers { #expect(receiver.received() == wanted) }
            #expect(scene.yields == 4)
        }
    }

    /// What came before the error has been answered; behind it nothing is.
    @Test(arguments: [PacketKind.pubrec, .pubrel, .publish])
    func anErrorEndsARun(_ kind: PacketKind) {
        scene { scene in
            let plc = scene.client("plc", Self.version)
            plc.connect()
            let before = scene.engine.broker.metrics
            let good = (1...3).map { PacketID($0) }
            let bad =
                kind == .publish ? packet(kind, 4, "#") : Array(packet(kind, 4)[..<2]) + [0, 0]
            let answers = plc.send(good.flatMap { packet(kind, $0) } + bad + packet(kind, 5))
            #expect(answers == good.map { answer(kind, $0) } + [.closed])
            let after = scene.engine.broker.metrics
            #expect(after.receivedPackets[kind] - before.receivedPackets[kind] == 3)
        }
    }

    private func packet(
        _ kind: PacketKind, _ id: PacketID, _ topic: String = "t"
    ) -> [UInt8] {
        kind == .publish
            ? Wire.publish(Self.version, PublishHead(qos: .exactlyOnce, id: id), topic, [0x78])
            : AcknowledgementEncoder(Self.version, kind, id).encoded()
    }

    private func answer(_ kind: PacketKind, _ id: PacketID) -> Packet {
        switch kind {
        case .publish: .pubrec(id)
        case .pubrec: .pubrel(id)
        default: .pubcomp(id)
        }
    }
}
