// SPDX-License-Identifier: Apache-2.0
//
// Reason codes as return codes of MQTT 3.1.1 and back.

import MQTT
import Testing

@Suite struct ConnectReturnCodeTests {
    @Test func eachCodeComesBack() {
        for value in UInt8(0)...5 {
            let code = ConnectReturnCode(rawValue: value)
            #expect(code.flatMap { ConnectReturnCode($0.reason) } == code)
        }
        #expect(ConnectReturnCode(rawValue: 6) == nil)
    }

    @Test func someReasonsShareACodeAndSomeHaveNone() {
        #expect(ConnectReturnCode(.serverBusy) == .serverUnavailable)
        #expect(ConnectReturnCode(.banned) == .notAuthorized)
        #expect(ConnectReturnCode(.malformedPacket) == nil)
        #expect(ConnectReturnCode(.packetTooLarge) == nil)
    }
}
