// SPDX-License-Identifier: Apache-2.0
//
// PUBACK, PUBREC, PUBREL and PUBCOMP: the short form, the long ones and what is refused.

import MQTT
import Testing

@Suite struct AcknowledgementPacketTests {
    let kinds: [(PacketKind, UInt8)] = [
        (.puback, 0x40), (.pubrec, 0x50), (.pubrel, 0x62), (.pubcomp, 0x70),
    ]

    func acknowledgement(
        _ wire: [UInt8], _ version: ProtocolVersion, _ sender: Role
    ) throws -> AcknowledgementPacket {
        let header = try #require(try FixedHeader.read(wire.span, at: 0))
        return try AcknowledgementPacket(wire.span, header, version, from: sender)
    }

    @Test func theShortFormIsOneWord() throws {
        for (kind, first) in kinds {
            let wire = written(4) { output in
                output.append(word: AcknowledgementPacket.shortForm(kind, 0x1234))
            }
            #expect(wire == [first, 2, 0x12, 0x34])
            for version in [ProtocolVersion.v311, .v5] {
                let packet = try acknowledgement(wire, version, .client)
                #expect(packet.kind == kind)
                #expect(packet.id == 0x1234)
                #expect(packet.reason == .success)
                #expect(AcknowledgementEncoder(version, kind, 0x1234).encoded() == wire)
            }
        }
    }

    /// Whatever it takes for one, the careful way reads as the same.
    @Test func theShortFormIsReadAsTheLongWayReadsIt() throws {
        for first in UInt8.min...UInt8.max {
            for length in 0...4 as ClosedRange<UInt8> {
                for id in [[0, 0], [0, 1], [0x12, 0x34], [0xFF, 0]] as [[UInt8]] {
                    let wire = [0xC0, 0, first, length] + id + [0, 0]
                    let read = AcknowledgementPacket.shortForm(in: wire.span, at: 2)
                    let isOne =
                        length == 2 && id != [0, 0] && kinds.contains { $0.1 == first }
                    #expect((read != nil) == isOne)
                    guard let read else { continue }
                    let packet = try acknowledgement(Array(wire[2...]), .v5, .client)
                    #expect(packet.kind == read.kind && packet.id == read.id)
                }
            }
        }
    }

    @Test func lessThanAWholeShortFormIsNone() {
        let wire: [UInt8] = [0x40, 2, 0, 1]
        for count in 0...3 {
            #expect(
                AcknowledgementPacket.shortForm(in: wire.span.extracting(..<count), at: 0) == nil)
        }
        #expect(AcknowledgementPacket.shortForm(in: wire.span, at: 1) == nil)
        #expect(AcknowledgementPacket.shortForm(in: wire.span, at: 4) == nil)
    }

    @Test func roundTrips() throws {
        var random = SplitMix64(seed: 22)
        for _ in 0..<4_000 {
            let sender = random.pick([Role.client, .server])
            let sent = random.acknowledgement(random.version(), from: sender)
            let wire = sent.encoded()
            let packet = try acknowledgement(wire, sent.version, sender)
            #expect(packet.kind == sent.kind)
            #expect(packet.id == sent.id)
            #expect(packet.reason == sent.reason)
            if sent.version == .v5 {
                #expect(wire.text(packet.reasonString) == sent.reasonString)
                #expect(wire.userProperties(of: packet.properties) == sent.userProperties)
            } else {
                #expect(wire.count == 4)
            }
        }
    }

    @Test func theReasonAloneNeedsNoProperties() throws {
        let wire: [UInt8] = [0x50, 3, 0, 1, 0x97]
        #expect(try acknowledgement(wire, .v5, .client).reason == .quotaExceeded)
        #expect(AcknowledgementEncoder(.v5, .pubrec, 1, .quotaExceeded).encoded() == wire)
        #expect(AcknowledgementEncoder(.v311, .pubrec, 1, .quotaExceeded).encoded().count == 4)
    }

    @Test func wrongOnes() {
        for (_, first) in kinds {
            let zero = packet(first, [0, 0])
            #expect(refusal(of: zero, .v311) == .protocolError(.packetIdentifierZero))
            #expect(refusal(of: packet(first, []), .v5) == .malformed(.truncated))
            #expect(refusal(of: packet(first, [1]), .v5) == .malformed(.truncated))
            #expect(refusal(of: packet(first, [0, 1, 0]), .v311) == .malformed(.trailingBytes))
            #expect(refusal(of: packet(first, [0, 1, 0x8E]), .v5) == .protocolError(.reasonCode))
            #expect(refusal(of: packet(first, [0, 1, 0, 0]), .v5) == nil)
            #expect(
                refusal(of: packet(first, [0, 1, 0, 0, 0]), .v5) == .malformed(.trailingBytes))
        }
    }

    @Test func onlyAServerKnowsOfNoSubscribers() {
        let wire = packet(0x50, [0, 1, 0x10])
        #expect(refusal(of: wire, .v5, from: .server) == nil)
        #expect(refusal(of: wire, .v5, from: .client) == .protocolError(.reasonCode))
    }
}
