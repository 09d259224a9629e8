// SPDX-License-Identifier: Apache-2.0
//
// The watch reads packets as they pass, in pieces of any size, and holds a server to the session
// that it has promised.
import MQTT
import Testing

@testable import qos2_bench

@Suite struct ProtocolWatchTests {
    private let watch = ProtocolWatch()

    private func pass(_ bytes: [UInt8], _ connection: Int, fromBroker: Bool) {
        for byte in bytes {
            watch.passed([byte].span, on: connection, isFromBroker: fromBroker)
        }
    }

    private func connect(_ connection: Int, present: Bool, _ version: ProtocolVersion = .v5) {
        var connect = ConnectEncoder(version, clientID: ClientID("c"), cleanStart: false)
        if version == .v5 { connect.receiveMaximum = 1 }
        pass(connect.encoded(), connection, fromBroker: false)
        let connack = ConnackEncoder(accepting: version, sessionPresent: present)
        pass(connack.encoded(), connection, fromBroker: true)
    }

    private func publish(
        _ id: PacketID, _ payload: [UInt8], isDuplicate: Bool = false,
        _ version: ProtocolVersion = .v5
    ) -> [UInt8] {
        let head = PublishHead(qos: .exactlyOnce, duplicate: isDuplicate, id: id)
        let encoder = PublishEncoder(head, version, topicCount: 1, payloadCount: payload.count)
        return [UInt8](unsafeUninitializedCapacity: encoder.packetSize) { bytes, count in
            var output = OutputRawSpan(
                buffer: UnsafeMutableRawBufferPointer(bytes), initializedCount: 0)
            encoder.encode(topic: Array("t".utf8).span, into: &output)
            output.append(payload.span)
            count = output.finalize(for: UnsafeMutableRawBufferPointer(bytes))
        }
    }

    private func acknowledge(_ kind: PacketKind, _ id: PacketID) -> [UInt8] {
        AcknowledgementEncoder(.v5, kind, id).encoded()
    }

    @Test(arguments: [ProtocolVersion.v5, .v311])
    func bothDirectionsAreFollowed(version: ProtocolVersion) {
        connect(1, present: false, version)
        for fromBroker in [true, false] {
            pass(publish(1, [7], version), 1, fromBroker: fromBroker)
            pass(acknowledge(.pubrec, 1), 1, fromBroker: !fromBroker)
        }
        watch.closed(1)
        connect(2, present: true, version)
        for fromBroker in [true, false] {
            pass(publish(1, [7], isDuplicate: true, version), 2, fromBroker: fromBroker)
            pass(acknowledge(.pubrec, 1), 2, fromBroker: !fromBroker)
            pass(acknowledge(.pubrel, 1), 2, fromBroker: fromBroker)
            pass(acknowledge(.pubcomp, 1), 2, fromBroker: !fromBroker)
        }
        #expect(watch.breaches.isEmpty && watch.repeats == 2)
    }

    @Test func aSessionThatWasPromisedMustBeThere() {
        connect(1, present: false)
        connect(2, present: true)
        connect(3, present: false)
        #expect(watch.breaches == ["c: CONNACK without the session that it has"])
    }

    @Test func theClientsReceiveMaximumBindsTheServer() {
        connect(1, present: false)
        pass(publish(1, [7]) + publish(2, [8]), 1, fromBroker: true)
        #expect(watch.breaches == ["to c: PUBLISH 2 is number 2 at once of 1"])
    }

    @Test func anUnfinishedPacketHasNotPassed() {
        connect(1, present: false)
        pass(publish(1, [7]).dropLast() as [UInt8], 1, fromBroker: true)
        watch.closed(1)
        connect(2, present: true)
        pass(publish(1, [9]), 2, fromBroker: true)
        #expect(watch.breaches.isEmpty)
    }

    @Test func whatIsNoPacketIsTold() {
        connect(1, present: false)
        pass([0x00, 0x00], 1, fromBroker: true)
        #expect(!watch.breaches.isEmpty)
    }
}
