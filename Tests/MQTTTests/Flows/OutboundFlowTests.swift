// SPDX-License-Identifier: Apache-2.0
// The sending halves of QoS 1 and 2: every state, every acknowledgement, success and failure.
import Testing

@testable import MQTT

@Suite struct OutboundFlowTests {
    @Test func everyTransition() {
        typealias Step = OutboundFlow.Step
        let table: [(OutboundFlow, OutboundFlow.Acknowledgement, success: Step, failure: Step)] = [
            (.published1, .puback, .complete, .refuse),
            (.published1, .pubrec, .violation, .violation),
            (.published1, .pubcomp, .violation, .violation),
            (.published2, .puback, .violation, .violation),
            (.published2, .pubrec, .release, .refuse),
            (.published2, .pubcomp, .violation, .violation),
            (.released, .puback, .violation, .violation),
            (.released, .pubrec, .repeatRelease, .refuse),
            // PUBCOMP with 0x92 ends the flow as well: the receiver knows nothing of it.
            (.released, .pubcomp, .complete, .complete),
        ]
        for (flow, acknowledgement, success, failure) in table {
            for reason in [.success, .noMatchingSubscribers] as [ReasonCode] {
                #expect(flow.step(on: acknowledgement, reason) == success)
            }
            for reason in [.unspecifiedError, .packetIdentifierNotFound, .quotaExceeded]
                as [ReasonCode]
            {
                #expect(flow.step(on: acknowledgement, reason) == failure)
            }
        }
    }

    @Test func aFlowBeginsWithItsQoS() {
        #expect(OutboundFlow.opening(.atLeastOnce) == .published1)
        #expect(OutboundFlow.opening(.exactlyOnce) == .published2)
    }
}
