// SPDX-License-Identifier: Apache-2.0
// Both versions of the protocol, for tests that hold for either, and where they differ in words.
import MQTT

let versions: [ProtocolVersion] = [.v311, .v5]

func everyPairOfVersions() -> [(ProtocolVersion, ProtocolVersion)] {
    versions.flatMap { first in versions.map { (first, $0) } }
}

/// What a version hears when its connection is ended for a reason: MQTT 3.1.1 has no word for it.
func farewell(_ reason: ReasonCode, _ version: ProtocolVersion) -> [Packet] {
    version == .v5 ? [.disconnect(reason), .closed] : [.closed]
}
