// SPDX-License-Identifier: Apache-2.0
//
// Packets that were cut, hit by a flipped byte, or never were packets: they are incomplete, refused
// or accepted, but never trap.

import MQTT
import Testing

@Suite struct DamagedPacketTests {
    /// Decodes and, if that works, walks through all that the packet points at.
    @discardableResult
    func survives(_ wire: [UInt8], _ version: ProtocolVersion, _ sender: Role) -> Bool {
        do {
            guard let decoded = try decode(wire, version, from: sender) else { return false }
            walk(through: decoded, wire)
            return true
        } catch {
            return !error.description.isEmpty && error.reason.isFailure
        }
    }

    private func walk(through decoded: Decoded, _ wire: [UInt8]) {
        switch decoded {
        case .subscribe(let subscribe):
            var requests = subscribe.requests.makeIterator()
            var count = 0
            while let request = requests.next(in: wire.span) {
                count += 1
                #expect(request.filter.upperBound <= wire.count)
            }
            #expect(count == subscribe.requests.count)
        case .unsubscribe(let unsubscribe):
            var filters = unsubscribe.filters.makeIterator()
            var count = 0
            while filters.next(in: wire.span) != nil { count += 1 }
            #expect(count == unsubscribe.filters.count)
        case .publish(let publish):
            let properties = publish.properties
            let handedOn = written(properties.forwardableCount) { output in
                properties.appendForwardable(from: wire.span, to: &output)
            }
            #expect(handedOn.count == properties.forwardableCount)
        case .connect(let connect): _ = wire.userProperties(of: connect.properties)
        case .connack(let connack): _ = wire.userProperties(of: connack.properties)
        case .acknowledgement(let packet): _ = wire.userProperties(of: packet.properties)
        case .suback(let suback): _ = wire.userProperties(of: suback.properties)
        case .unsuback(let unsuback): _ = wire.userProperties(of: unsuback.properties)
        case .disconnect(let disconnect): _ = wire.userProperties(of: disconnect.properties)
        case .auth(let auth): _ = wire.userProperties(of: auth.properties)
        case .ping: break
        }
    }

    @Test func aCutPacketIsIncomplete() throws {
        var random = SplitMix64(seed: 7)
        for _ in 0..<400 {
            let (version, sender) = (random.version(), random.pick([Role.client, .server]))
            let wire = random.wire(version, from: sender)
            for count in 0..<min(wire.count, 300) {
                let decoded = try decode(Array(wire[..<count]), version, from: sender)
                #expect(decoded == nil)
            }
            #expect(try decode(wire, version, from: sender) != nil)
        }
    }

    /// Cut, but with a header that says it is whole.
    @Test func aShortenedPacketDoesNotTrap() throws {
        var random = SplitMix64(seed: 8)
        for _ in 0..<400 {
            let (version, sender) = (random.version(), random.pick([Role.client, .server]))
            let wire = random.wire(version, from: sender)
            let header = try #require(try FixedHeader.read(wire.span, at: 0))
            let body = Array(wire[header.body])
            for count in 0..<min(body.count, 200) {
                #expect(survives(packet(wire[0], Array(body[..<count])), version, sender))
            }
        }
    }

    @Test func flippedBytesDoNotTrap() {
        var random = SplitMix64(seed: 9)
        var accepted = 0
        for _ in 0..<10_000 {
            let (version, sender) = (random.version(), random.pick([Role.client, .server]))
            var wire = random.wire(version, from: sender)
            for _ in 0...random.upTo(2) {
                let position = random.upTo(min(wire.count, 80) - 1)
                wire[position] = UInt8.random(in: 0...255, using: &random)
            }
            if survives(wire, version, sender) { accepted += 1 }
        }
        #expect(accepted > 0)
    }

    /// Behind a first byte that is allowed, so that the noise gets into the packets.
    @Test func noiseDoesNotTrap() {
        var random = SplitMix64(seed: 10)
        for _ in 0..<30_000 {
            let (version, sender) = (random.version(), random.pick([Role.client, .server]))
            let kind = random.pick(PacketKind.allCases)
            let flags =
                kind == .publish ? random.pick([0, 1, 2, 4, 10, 13]) : kind.requiredFlags
            let body = random.bytes(upTo: 40)
            survives(packet(kind.rawValue << 4 | flags, body), version, sender)
            survives(body, version, sender)
        }
    }
}
