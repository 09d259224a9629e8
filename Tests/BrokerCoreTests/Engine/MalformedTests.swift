// SPDX-License-Identifier: Apache-2.0
// Bytes that are no MQTT, or MQTT at the wrong place: the right code for each version, then the end
// of the connection, and never a trap. And bytes that are right, however they are cut.
import MQTT
import Testing

@testable import BrokerCore
@testable import Scenes

@Suite struct MalformedTests {
    @Test func wrongPacketsEndTheConnectionWithTheirCode() {
        let both: [(wire: [UInt8], reason: ReasonCode)] = [
            ([0x00, 0], .malformedPacket),  // reserved packet type
            ([0x36, 5, 0, 1, 0x74, 0, 1], .malformedPacket),  // QoS 3
            ([0x38, 3, 0, 1, 0x74], .malformedPacket),  // DUP on QoS 0
            ([0x80, 0], .malformedPacket),  // SUBSCRIBE without its flags
            ([0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1], .malformedPacket),  // length of five bytes
            ([0x30, 1, 0], .malformedPacket),  // torn topic
            ([0x30, 4, 0, 1, 0x23, 0], .malformedPacket),  // wildcard in a topic name
            ([0x30, 5, 0, 2, 0xC3, 0x28, 0], .malformedPacket),  // not UTF-8
            ([0x30, 4, 0, 1, 0x00, 0], .malformedPacket),  // U+0000
            ([0x32, 6, 0, 1, 0x74, 0, 0, 0], .protocolError),  // packet identifier 0
            ([0x62, 1, 0], .malformedPacket),  // PUBREL without identifier
            ([0x60, 2, 0, 1], .malformedPacket),  // PUBREL without its flags
            ([0xC0, 1, 0], .malformedPacket),  // PINGREQ with a body
            ([0x20, 2, 0, 0], .protocolError),  // CONNACK
            ([0x90, 3, 0, 1, 0], .protocolError),  // SUBACK
            ([0xD0, 0], .protocolError),  // PINGRESP
        ]
        let mqtt5: [(wire: [UInt8], reason: ReasonCode)] = [
            ([0x30, 4, 0, 0, 0, 0x78], .protocolError),  // no topic and no alias
            ([0x30, 7, 0, 1, 0x74, 3, 0x23, 0, 0], .topicAliasInvalid),  // alias 0
            ([0x30, 7, 0, 1, 0x74, 3, 0x23, 0, 11], .topicAliasInvalid),  // alias above 10
            ([0x30, 6, 0, 1, 0x74, 2, 0x0B, 1], .protocolError),  // a subscription identifier
            ([0x30, 8, 0, 1, 0x74, 4, 1, 0, 1, 0], .protocolError),  // a property twice
            ([0x30, 0x80, 0], .malformedPacket),  // length not in its shortest form
            ([0x62, 4, 0, 1, 0x10, 0], .protocolError),  // a reason that PUBREL has not
            ([0xF0, 2, 0x18, 0], .protocolError),  // AUTH without a method
            ([0x82, 3, 0, 1, 0], .protocolError),  // SUBSCRIBE without filters
            ([0x82, 7, 0, 1, 0, 0, 1, 0x61, 0x03], .protocolError),  // QoS 3 wanted
        ]
        for version in versions {
            for (wire, reason) in version == .v5 ? both + mqtt5 : both {
                scene { scene in
                    let plc = scene.client("plc", version)
                    plc.connect()
                    #expect(
                        plc.send(wire + Wire.ping()) == farewell(reason, version),
                        "\(version) \(wire)")
                }
            }
        }
    }

    @Test func aWrongConnectIsToldWhyInMQTT5() {
        for version in versions {
            scene { scene in
                let plc = scene.client("plc", version)
                plc.open()
                // The reserved connect flag.
                let wire: [UInt8] =
                    [0x10, 14, 0, 4] + Array("MQTT".utf8) + [version.rawValue, 3, 0, 0, 0, 0, 0, 0]
                #expect(
                    plc.send(wire)
                        == (version == .v5 ? [.connack(.malformedPacket), .closed] : [.closed]))
            }
        }
    }

    /// Everything that two clients say, once in whole reads and once byte by byte.
    @Test func packetsMayBeCutAnywhere() {
        for version in versions {
            let wire = conversation(version)
            let whole = answers(to: [wire], version)
            #expect(whole.count > 100)
            #expect(answers(to: wire.map { [$0] }, version) == whole)
            for size in [2, 3, 5, 7, 11, 64] {
                let pieces = stride(from: 0, to: wire.count, by: size).map {
                    Array(wire[$0..<min($0 + size, wire.count)])
                }
                #expect(answers(to: pieces, version) == whole)
            }
            for cut in wire.indices {
                let pieces = [Array(wire[..<cut]), Array(wire[cut...])]
                #expect(answers(to: pieces, version) == whole, "\(version) cut at \(cut)")
            }
        }
    }

    private func conversation(_ version: ProtocolVersion) -> [UInt8] {
        let connect = ConnectEncoder(version, clientID: ClientID("plc"), cleanStart: true)
        let options = SubscriptionOptions(maximumQoS: .exactlyOnce)
        let subscribe = SubscribeEncoder(version, 9, [.init("#", options), .init("b/+", options)])
        var wire = connect.encoded() + subscribe.encoded()
        for id in 1...4 as ClosedRange<UInt16> {
            let head = PublishHead(qos: .exactlyOnce, id: PacketID(id))
            let properties = MessageProperties(userProperties: [UserProperty("key", "value")])
            wire += Wire.publish(version, head, "a/\(id)", Array("payload".utf8), properties)
            wire += AcknowledgementEncoder(version, .pubrel, PacketID(id)).encoded()
            wire += AcknowledgementEncoder(version, .pubrec, PacketID(id)).encoded()
            wire += AcknowledgementEncoder(version, .pubcomp, PacketID(id)).encoded()
            wire += Wire.publish(version, PublishHead(qos: .atMostOnce), "b/c", [0x78])
        }
        // Each kind in a row: what it publishes comes to it under 5 to 8.
        let run = (5...8).map { PacketID($0) }
        for id in run {
            wire += Wire.publish(version, PublishHead(qos: .exactlyOnce, id: id), "run", [0x7A])
        }
        for kind in [PacketKind.pubrel, .pubrec, .pubcomp] {
            for id in run { wire += AcknowledgementEncoder(version, kind, id).encoded() }
        }
        // A body that takes a length of two bytes.
        let text = [UInt8](repeating: 0x79, count: 200)
        wire += Wire.publish(version, PublishHead(qos: .atMostOnce), "long", text) + Wire.ping()
        return wire + UnsubscribeEncoder(version, 8, ["#"]).encoded() + [0xE0, 0]
    }

    private func answers(to pieces: [[UInt8]], _ version: ProtocolVersion) -> [UInt8] {
        let scene = Scene()
        let id = scene.open()
        for piece in pieces {
            scene.send(piece, on: id)
        }
        let (bytes, isClosed) = scene.take(id)
        #expect(isClosed)
        return bytes
    }

    @Test func garbageNeverTraps() {
        var random = SplitMix64(seed: 11)
        for round in 0..<300 {
            let version: ProtocolVersion = round.isMultiple(of: 2) ? .v5 : .v311
            let scene = Scene()
            let other = scene.client("other")
            other.connect()
            other.subscribe("#")
            let id = scene.open()
            if !random.chance(oneIn: 8) {
                scene.send(
                    ConnectEncoder(version, clientID: ClientID("x"), cleanStart: true).encoded(),
                    on: id)
            }
            for _ in 0..<8 { scene.send(random.bytes(upTo: 60), on: id) }
            #expect(other.ping().last == .pingresp)
            if round.isMultiple(of: 10) { scene.expectSound() }
        }
    }

    /// Nearly right is harder than random: real packets with a few bytes changed.
    @Test func damagedPacketsNeverTrap() {
        var random = SplitMix64(seed: 12)
        for round in 0..<600 {
            let version: ProtocolVersion = round.isMultiple(of: 2) ? .v5 : .v311
            let scene = Scene()
            let other = scene.client("other")
            other.connect()
            other.subscribe("#")
            var wire = conversation(version)
            for _ in 0...random.upTo(3) {
                wire[random.upTo(wire.count - 1)] = UInt8.random(in: 0...255, using: &random)
            }
            let id = scene.open()
            scene.send(wire, on: id)
            #expect(other.ping().last == .pingresp)
            scene.expectSound()
            scene.expectEnd()
        }
    }
}
