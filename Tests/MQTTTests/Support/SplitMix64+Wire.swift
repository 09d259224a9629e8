// SPDX-License-Identifier: Apache-2.0
//
// Any random packet as bytes, for tests that only want something valid to damage.

import MQTT

extension SplitMix64 {
    /// Every kind that this end sends in this version comes up equally often.
    mutating func wire(_ version: ProtocolVersion, from sender: Role) -> [UInt8] {
        switch sender {
        case .client: clientWire(version)
        case .server: serverWire(version)
        }
    }

    private mutating func clientWire(_ version: ProtocolVersion) -> [UInt8] {
        switch upTo(version == .v5 ? 7 : 6) {
        case 0: connect(version).encoded()
        case 1: publish(version, from: .client).encoded()
        case 2: acknowledgement(version, from: .client).encoded()
        case 3: subscribe(version).encoded()
        case 4: unsubscribe(version).encoded()
        case 5: [0xC0, 0]
        case 6: version == .v5 ? disconnect(from: .client).encoded() : [0xE0, 0]
        default: auth(from: .client).encoded()
        }
    }

    private mutating func serverWire(_ version: ProtocolVersion) -> [UInt8] {
        switch upTo(version == .v5 ? 7 : 5) {
        case 0: connack(version).encoded()
        case 1: publish(version, from: .server).encoded()
        case 2: acknowledgement(version, from: .server).encoded()
        case 3: suback(version).encoded()
        case 4: unsuback(version).encoded()
        case 5: [0xD0, 0]
        case 6: disconnect(from: .server).encoded()
        default: auth(from: .server).encoded()
        }
    }
}
