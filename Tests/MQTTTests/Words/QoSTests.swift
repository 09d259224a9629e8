// SPDX-License-Identifier: Apache-2.0
//
// The three levels and their order.

import MQTT
import Testing

@Suite struct QoSTests {
    @Test func levelsAreOrdered() {
        #expect(QoS.atMostOnce < .atLeastOnce)
        #expect(QoS.atLeastOnce < .exactlyOnce)
        #expect(min(QoS.exactlyOnce, .atLeastOnce) == .atLeastOnce)
    }

    @Test func thereIsNoThird() {
        #expect(QoS(rawValue: 2) == .exactlyOnce)
        #expect(QoS(rawValue: 3) == nil)
    }
}
