// SPDX-License-Identifier: Apache-2.0
//
// Bounds so narrow that a short script meets them.
import MQTT

@testable import BrokerCore

extension Limits {
    init(_ script: inout Script) {
        self.init()
        let choice = script.byte()
        if choice & 1 != 0 { inFlightMax = 2 }
        if choice & 2 != 0 { waitingMax = 3 }
        if choice & 4 != 0 { waitingBytesMax = 300 }
        if choice & 8 != 0 { outputBytesMax = 400 }
        if choice & 16 != 0 { packetSizeMax = 200 }
        overflow = [.refuse, .dropOldest, .dropNewest, .refuse][Int(choice >> 5 & 3)]
        if choice & 128 != 0 { rare(&script) }
    }

    private mutating func rare(_ script: inout Script) {
        let choice = script.byte()
        if choice & 1 != 0 { inFlightBytesMax = 200 }
        if choice & 2 != 0 { messageBytesMax = 500 }
        if choice & 4 != 0 { topicAliasMax = 0 }
        if choice & 8 != 0 { keepAliveMax = 20 }
        if choice & 16 != 0 { qosMax = .atLeastOnce }
        if choice & 32 != 0 { retainAvailable = false }
        if choice & 64 != 0 { upgradesOutgoingQoS = true }
        if choice & 128 != 0 { queuesQoS0 = true }
        let more = script.byte()
        if more & 1 != 0 { sessionExpiryMax = SessionExpiry(seconds: 60) }
        if more & 2 != 0 { subscriptionsMax = 2 }
        if more & 4 != 0 { topicLevelsMax = 3 }
        if more & 8 != 0 { payloadBytesMax = 50 }
        if more & 16 != 0 { terms.allowsEmptyClientID = false }
        if more & 32 != 0 { responseInformation = "r/%c" }
        if more & 64 != 0 { serverReference = "other:1883" }
        if more & 128 != 0 { topicBytesMax = 20 }
        rarest(&script)
    }

    private mutating func rarest(_ script: inout Script) {
        let choice = script.byte()
        if choice & 1 != 0 { outgoingTopicAliasMax = 1 }
        if choice & 2 != 0 { sessionsMax = 2 }
        if choice & 4 != 0 { terms.allowsAnonymous = false }
        if choice & 8 != 0 { searchSteps = 2 }
        if choice & 16 != 0 { sentAtOnce = 1 }
    }
}
