// SPDX-License-Identifier: Apache-2.0
// Both versions of the protocol, for tests that hold for either.
import MQTT

let versions: [ProtocolVersion] = [.v311, .v5]

func everyPairOfVersions() -> [(ProtocolVersion, ProtocolVersion)] {
    versions.flatMap { first in versions.map { (first, $0) } }
}
